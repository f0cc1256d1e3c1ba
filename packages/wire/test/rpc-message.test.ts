import { describe, expect, it } from "vitest";
import {
  type Auth,
  AUTH_BYTES_MAX,
  type CallHeader,
  decodeMessage,
  decodeRecordMark,
  encodeCall,
  encodeRecordMark,
  encodeReply,
  lkOwnerOfPid,
  NULL_AUTH,
  peekXid,
  type ReplyHeader,
} from "../src/index.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

const caller = { pid: -3, uid: 1_000, gid: 100, groups: [4, 27], lkOwner: fromHex("0102030405") };
const auths: readonly Auth[] = [
  NULL_AUTH,
  { flavor: "unix", stamp: 9, machineName: "höst", uid: 1, gid: 2, groups: [3] },
  { flavor: "glusterV1", ...caller, lkOwner: fromHex("0102030405060708") },
  { flavor: "glusterV2", ...caller },
  { flavor: "glusterV3", ...caller, flags: 0x1f, ctimeNsec: 5, ctimeSec: 1n << 40n },
  { flavor: "unknown", number: 99, body: fromHex("01020304") },
];
const callWith = (auth: Auth): CallHeader => ({
  xid: 7,
  program: 1_298_437,
  version: 400,
  procedure: 1,
  auth,
});
const record = (chunks: readonly Uint8Array[]) => fromHex(toHex(...chunks));
/** A call whose credential is given in hex, flavour first. */
const callOf = (credential: string) =>
  fromHex(`000000070000000000000002000000010000000100000001${credential}0000000000000000`);

describe("a call", () => {
  it.each(auths)("keeps a credential of flavour $flavor, and its body apart", (auth) => {
    const body = fromHex("cafe");
    const message = decodeMessage(record(encodeCall(callWith(auth), [body])));
    expect(message).toEqual({ kind: "call", header: callWith(auth), body });
  });

  it("has a body that is a view of the record, and is written without copying one", () => {
    const body = fromHex("00112233");
    const chunks = encodeCall(callWith(NULL_AUTH), [body]);
    expect(chunks[1]).toBe(body);
    const whole = record(chunks);
    expect(decodeMessage(whole).body.buffer).toBe(whole.buffer);
  });

  it("has the v1 credential of its definition: owner first, sixteen places for groups", () => {
    const chunks = encodeCall(
      callWith({ flavor: "glusterV1", ...caller, lkOwner: fromHex("0102030405060708") }),
    );
    const hex = toHex(...chunks).slice(48);
    expect(hex).toBe(
      `00000005000000580102030405060708fffffffd000003e80000006400000002000000040000001b${"00".repeat(64)}`,
    );
  });

  it.each([
    ["a v3 body that is too short", "0005f39800000004000000ff"],
    ["a v3 body with bytes to spare", `0005f3980000002c${"00".repeat(44)}`],
    ["more groups than bytes", `0005f39700000014${"00".repeat(12)}000000ff00000000`],
    ["17 groups in v1", `0000000500000058${"00".repeat(20)}00000011${"00".repeat(64)}`],
    ["a body of the flavour for nobody", "000000000000000400000000"],
    ["a unix body that is not one", "000000010000000800000000ffffffff"],
  ])("with %s is refused as a bad credential", (_what, credential) => {
    expect(refusalOf(() => decodeMessage(callOf(credential)))).toBe("WIRE_AUTH");
  });

  it("with a credential beyond 400 bytes is refused before it is read", () => {
    expect(refusalOf(() => decodeMessage(callOf(`0005f39800000194${"00".repeat(404)}`)))).toBe("WIRE_LENGTH");
  });

  it.each<[string, Auth]>([
    [
      "v3 with 92 in groups and owner",
      { ...(auths[4] as Auth & { flavor: "glusterV3" }), groups: Array(87).fill(1) },
    ],
    [
      "v2 with 96 in groups and owner",
      { ...(auths[3] as Auth & { flavor: "glusterV2" }), groups: Array(91).fill(1) },
    ],
    ["v1 with 17 groups", { ...(auths[2] as Auth & { flavor: "glusterV1" }), groups: Array(17).fill(1) }],
    ["v1 with a short owner", { flavor: "glusterV1", ...caller }],
    ["unix with 17 groups", { ...(auths[1] as Auth & { flavor: "unix" }), groups: Array(17).fill(1) }],
    [
      "unix with a name of 400 bytes",
      { ...(auths[1] as Auth & { flavor: "unix" }), machineName: "x".repeat(400) },
    ],
    ["half a word", { flavor: "unknown", number: 99, body: fromHex("01") }],
    ["404 bytes", { flavor: "unknown", number: 99, body: new Uint8Array(AUTH_BYTES_MAX + 4) }],
  ])("is not written with %s, which a stock brick would refuse", (_what, auth) => {
    expect(refusalOf(() => encodeCall(callWith(auth)))).toBe("WIRE_VALUE");
  });

  it("of another RPC version is refused, and its xid can still be answered", () => {
    const other = fromHex("0000000700000000000000030000000100000001000000010000000000000000");
    expect(refusalOf(() => decodeMessage(other))).toBe("WIRE_RPC_VERSION");
    expect(peekXid(other)).toBe(7);
    expect(peekXid(fromHex("000000"))).toBeUndefined();
  });

  it("may carry a verifier, which nobody looks at", () => {
    const hex =
      "000000070000000000000002000000010000000100000001000000000000000000000001000000040a0b0c0dcafe";
    expect(decodeMessage(fromHex(hex))).toMatchObject({ header: { auth: NULL_AUTH }, body: fromHex("cafe") });
  });

  it("without an owner sends the pid, little-endian", () => {
    expect(toHex(lkOwnerOfPid(14_629))).toBe("25390000");
    expect(toHex(lkOwnerOfPid(-1))).toBe("ffffffff");
  });
});

describe("a reply", () => {
  const headers: readonly ReplyHeader[] = [
    { xid: 1, status: "accepted", acceptStat: 0 },
    { xid: 2, status: "accepted", acceptStat: 1 },
    { xid: 3, status: "accepted", acceptStat: 2, low: 330, high: 400 },
    { xid: 4, status: "accepted", acceptStat: 3 },
    { xid: 5, status: "accepted", acceptStat: 4 },
    { xid: 0xffff_ffff, status: "accepted", acceptStat: 5 },
    { xid: 7, status: "denied", rejectStat: 0, low: 2, high: 2 },
    { xid: 8, status: "denied", rejectStat: 1, authStat: 1 },
  ];

  it.each(headers)("%j is read as it was written", (header) => {
    const message = decodeMessage(record(encodeReply(header)));
    expect(message).toEqual({ kind: "reply", header, body: new Uint8Array(0) });
  });

  it("that failed has no body", () => {
    const [, ...failed] = headers;
    for (const header of failed) {
      expect(refusalOf(() => encodeReply(header, [fromHex("00")]))).toBe("WIRE_VALUE");
      expect(refusalOf(() => decodeMessage(record([...encodeReply(header), fromHex("00")])))).toBe(
        "WIRE_TRAILING_BYTES",
      );
    }
  });

  it.each([
    ["a message that is neither", "0000000100000002"],
    ["a reply neither accepted nor denied", "000000010000000100000002"],
    ["an accept status of 6", "000000010000000100000000000000000000000000000006"],
    ["a reject status of 2", "00000001000000010000000100000002"],
  ])("is not %s", (_what, hex) => {
    expect(refusalOf(() => decodeMessage(fromHex(hex)))).toBe("WIRE_MESSAGE_TYPE");
  });
});

describe("a record mark", () => {
  it.each([
    [0, true, "80000000"],
    [198, true, "800000c6"],
    [198, false, "000000c6"],
    [0x7fff_ffff, true, "ffffffff"],
  ])("of %d bytes, last: %s, is %s", (fragmentBytes, isLast, hex) => {
    expect(toHex(encodeRecordMark(fragmentBytes, isLast))).toBe(hex);
    expect(decodeRecordMark(fromHex(`00${hex}`), 1)).toEqual({ isLast, fragmentBytes });
  });

  it.each([-1, 0.5, 2 ** 31])("of %d bytes is refused", (fragmentBytes) => {
    expect(refusalOf(() => encodeRecordMark(fragmentBytes))).toBe("WIRE_VALUE");
  });

  it("that is cut off is refused", () => {
    expect(refusalOf(() => decodeRecordMark(fromHex("800000"), 0))).toBe("WIRE_TRUNCATED");
  });
});
