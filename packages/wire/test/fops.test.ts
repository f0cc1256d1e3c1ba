import { describe, expect, it } from "vitest";
import {
  callbackByNumber,
  callbacks,
  decodeBody,
  decodeFopReply,
  decodeFopRequest,
  encodeBody,
  encodeFopReply,
  encodeFopRequest,
  Errno,
  failedReply,
  FOP_COMPOUND,
  FOP_NULL,
  fopByNumber,
  type FopName,
  fops,
  type FopRequest,
  type Gfid,
  handshake,
  NO_IATT,
  portmap,
  textValue,
} from "../src/index.js";
import { oldIatt } from "../src/old-iatt.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex, vector } from "./support/vectors.js";

const gfid = "46da5f7a-2d60-4b5b-88d1-98375e7e3208" as Gfid;
const gfidHex = gfid.replaceAll("-", "");
const noDictHex = "00000000ffffffff00000000";
const names = Object.keys(fops) as FopName[];

/** Where the body of a call begins, behind a v3 credential without groups and with 4 bytes of owner. */
const callBody = (name: string) => vector(name).record.subarray(80);
const replyBody = (name: string) => vector(name).record.subarray(24);

describe("the table of fops", () => {
  it("holds every number from 1 to 56 once, but for COMPOUND", () => {
    const numbers = names.map((name) => fops[name].number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(
      Array.from({ length: 56 }, (_, index) => index + 1).filter((n) => n !== FOP_COMPOUND),
    );
  });

  it("has no fop for NULL, COMPOUND, and numbers beyond the last", () => {
    for (const number of [FOP_NULL, FOP_COMPOUND, 57, -1, 2 ** 31])
      expect(fopByNumber(number)).toBeUndefined();
  });

  it.each(names)("finds %s by its number, and calls it by that name", (name) => {
    expect(fopByNumber(fops[name].number)).toBe(name);
    expect(fops[name].name.replaceAll("_", "").toLowerCase()).toBe(name.toLowerCase());
  });
});

describe("a failed reply", () => {
  /** Fixed sizes of the reply shapes without extra data. */
  const sizes: Partial<Record<FopName, number>> = {
    flush: 20,
    stat: 168,
    truncate: 316,
    mkdir: 464,
    rename: 760,
    open: 28,
    statfs: 108,
    lookup: 316,
    create: 472,
    read: 172,
    readdir: 24,
  };

  it.each(names)("of %s says why and is zero everywhere else", (name) => {
    const reply = failedReply(name, Errno.ESTALE);
    expect(reply).toMatchObject({ opRet: -1, opErrno: 116, xdata: null });
    const bytes = encodeFopReply(name, reply);
    expect(decodeFopReply(name, fromHex(toHex(...bytes)))).toEqual(reply);
  });

  it.each(Object.entries(sizes) as [FopName, number][])("of %s takes %i bytes", (name, bytes) => {
    expect(toHex(...encodeFopReply(name, failedReply(name, Errno.EIO))).length / 2).toBe(bytes);
  });

  it("carries extra data when it has some", () => {
    const xdata = new Map([["k", textValue("v")]]);
    expect(failedReply("open", 1, xdata).xdata).toBe(xdata);
  });

  it.each([
    ["icreate", "fop-icreate-errno116-reply", 116],
    ["fstat", "fop-fstat-errno9-reply", 9],
    ["inodelk", "fop-inodelk-setlk-wr-errno11-reply", 11],
  ] as const)("of %s has the bytes of %s", (name, recorded, errno) => {
    expect(toHex(...encodeFopReply(name, failedReply(name, errno)))).toBe(toHex(replyBody(recorded)));
  });
});

describe("a payload", () => {
  it("of WRITE is a view of the record, and goes out uncopied after the exact body", () => {
    const body = callBody("fop-write-call");
    const request = decodeFopRequest("write", body);
    expect(request.payload.buffer).toBe(body.buffer);
    expect(request.payload.length).toBe(request.size);
    const chunks = encodeFopRequest("write", request);
    expect(chunks[0]!.length).toBe(52);
    expect(chunks[1]).toBe(request.payload);
  });

  it("of READ is a view of the record, and goes out uncopied after the exact body", () => {
    const body = replyBody("fop-read-reply");
    const reply = decodeFopReply("read", body);
    expect(reply.payload.buffer).toBe(body.buffer);
    expect(toHex(reply.payload)).toBe("710a");
    const chunks = encodeFopReply("read", reply);
    expect(chunks[0]!.length).toBe(172);
    expect(chunks[1]).toBe(reply.payload);
  });

  it("of no bytes adds no chunk", () => {
    const request: FopRequest<"write"> = {
      gfid,
      fd: -2n,
      offset: 0,
      size: 0,
      flag: 0,
      xdata: null,
      payload: new Uint8Array(0),
    };
    expect(encodeFopRequest("write", request).length).toBe(1);
  });

  it("that has not the length announced is refused, both ways", () => {
    const body = callBody("fop-write-call");
    const request = decodeFopRequest("write", body);
    expect(refusalOf(() => decodeFopRequest("write", body.subarray(0, -1)))).toBe("WIRE_LENGTH");
    expect(refusalOf(() => decodeFopReply("read", replyBody("fop-read-reply").subarray(0, -1)))).toBe(
      "WIRE_LENGTH",
    );
    expect(refusalOf(() => encodeFopRequest("write", { ...request, size: 1 }))).toBe("WIRE_VALUE");
  });

  it("does not keep the rest of a request alive or changeable: all else is copied", () => {
    const record = vector("fop-write-leaseid-call").record.slice();
    const request = decodeFopRequest("write", record.subarray(80));
    const lease = request.xdata?.get("lease-id");
    const before = lease?.type === "ptr" ? toHex(lease.value) : "";
    record.fill(0xee);
    expect(before.length).toBe(32);
    expect(lease?.type === "ptr" && toHex(lease.value)).toBe(before);
    expect(toHex(request.payload)).toBe("ee".repeat(request.size));
  });
});

describe("offsets", () => {
  it("beyond 2^53 − 1 are refused for data and kept for directory cookies", () => {
    const read = `${gfidHex}00000000000000007fffffffffffffff0000100000000000${noDictHex}`;
    expect(refusalOf(() => decodeFopRequest("read", fromHex(read)))).toBe("WIRE_NUMBER_RANGE");
    const readdir = `${gfidHex}00000000000000007fffffffffffffff00001000${noDictHex}`;
    expect(decodeFopRequest("readdir", fromHex(readdir)).offset).toBe(0x7fff_ffff_ffff_ffffn);
  });
});

describe("lists", () => {
  const entry = { ino: 1n, offset: 2n, type: 8, name: "ä\udcff" };

  it("keep names that are not UTF-8, and their length in bytes", () => {
    const reply = { opRet: 1, opErrno: 0, xdata: null, entries: [entry] };
    const hex = toHex(...encodeFopReply("readdir", reply));
    expect(hex).toBe(
      `0000000100000000${noDictHex}00000001000000000000000100000000000000020000000300000008` +
        "00000003c3a4ff0000000000",
    );
    expect(decodeFopReply("readdir", fromHex(hex))).toEqual(reply);
  });

  it("whose flag is neither 0 nor 1 are refused", () => {
    expect(refusalOf(() => decodeFopReply("readdir", fromHex(`0000000000000000${noDictHex}00000002`)))).toBe(
      "WIRE_LIST",
    );
  });

  it("with an entry whose two lengths differ are refused", () => {
    const hex = `0000000100000000${noDictHex}00000001000000000000000100000000000000020000000200000008`;
    expect(refusalOf(() => decodeFopReply("readdir", fromHex(`${hex}000000036161610000000000`)))).toBe(
      "WIRE_LENGTH",
    );
  });
});

describe("a lock owner", () => {
  it("of more than 1,024 bytes is refused", () => {
    const head = `0000000000000000${noDictHex}${"00".repeat(28)}`;
    const owner = (bytes: number) => `${bytes.toString(16).padStart(8, "0")}${"00".repeat(bytes)}`;
    expect(decodeFopReply("lk", fromHex(head + owner(1_024))).flock.lkOwner.length).toBe(1_024);
    expect(refusalOf(() => decodeFopReply("lk", fromHex(head + owner(1_028))))).toBe("WIRE_LENGTH");
  });
});

describe("bytes that are no payload", () => {
  it("are the receiver's: a lock owner outlives its record", () => {
    const record = vector("fop-lk-setlkw-wr-call").record.slice();
    const { flock } = decodeFopRequest("lk", record.subarray(80));
    const before = toHex(flock.lkOwner);
    record.fill(0xee);
    expect(before).toBe("bbbbbbbbbbbbbbbb");
    expect(toHex(flock.lkOwner)).toBe(before);
  });
});

describe("what was never captured follows its definition", () => {
  it("NAMELINK: parent, name, extra data; before and after", () => {
    const request = { pargfid: gfid, bname: "ab", xdata: null };
    expect(toHex(...encodeFopRequest("namelink", request))).toBe(`${gfidHex}0000000261620000${noDictHex}`);
    expect(Object.keys(failedReply("namelink", 1))).toEqual([
      "opRet",
      "opErrno",
      "xdata",
      "prestat",
      "poststat",
    ]);
  });

  it("PUT answers as creations do", () => {
    expect(toHex(...encodeFopReply("put", failedReply("put", 95)))).toBe(
      toHex(...encodeFopReply("mknod", failedReply("mknod", 95))),
    );
  });

  it("ENTRYLK_CONTENTION: directory, type, pid, name, domain, extra data", () => {
    const body = { gfid, type: 1, pid: 2, name: "n", domain: "d", xdata: null };
    const hex = `${gfidHex}0000000100000002000000016e000000000000016400000000000000`;
    expect(toHex(...encodeBody(callbacks.entrylkContention.request, body))).toBe(hex);
    expect(decodeBody(callbacks.entrylkContention.request, fromHex(hex))).toEqual(body);
  });

  it.each(["inoFlush", "childUp", "childDown"] as const)("%s has no body", (name) => {
    expect(toHex(...encodeBody(callbacks[name].request, {}))).toBe("");
  });

  it("EVENT_NOTIFY and GET_SNAPS: an operation and a dictionary, a dictionary", () => {
    expect(toHex(...encodeBody(callbacks.eventNotify.request, { op: 1, dict: null }))).toBe(
      "0000000100000000",
    );
    expect(toHex(...encodeBody(callbacks.getSnaps.request, { dict: null }))).toBe("00000000");
  });

  it("EVENT_NOTIFY of the handshake: an operation and a dictionary, a result and a dictionary", () => {
    const { request, reply } = handshake.eventNotify;
    expect(toHex(...encodeBody(request, { op: 1, dict: null }))).toBe("0000000100000000");
    expect(toHex(...encodeBody(reply, { opRet: -1, opErrno: 2, dict: null }))).toBe(
      "ffffffff0000000200000000",
    );
  });

  it("BRICKBYPORT and GET_SNAPSHOT_INFO", () => {
    const brick = { opRet: 0, opErrno: 0, status: 1, brick: "/b0" };
    expect(toHex(...encodeBody(portmap.brickByPort.reply, brick))).toBe(
      "000000000000000000000001000000032f623000",
    );
    const info = { opRet: -1, opErrno: 2, opErrstr: "no", dict: null };
    expect(toHex(...encodeBody(handshake.getSnapshotInfo.reply, info))).toBe(
      "ffffffff00000002000000026e6f000000000000",
    );
  });
});

describe("callbacks", () => {
  it("are found by their numbers, and unknown numbers are nobody's", () => {
    for (const [name, { number }] of Object.entries(callbacks)) expect(callbackByNumber(number)).toBe(name);
    expect(callbackByNumber(0)).toBeUndefined();
    expect(callbackByNumber(12)).toBeUndefined();
  });

  it("carry attributes of 100 bytes", () => {
    expect(toHex(...encodeBody(oldIatt, oldIatt.zero)).length).toBe(200);
  });

  it("recall a lease with the type to keep before the transaction, of which stock bricks say nothing", () => {
    const body = { gfid, leaseType: 1, tid: gfid, xdata: null };
    const hex = `${gfidHex}00000001${gfidHex}00000000`;
    expect(toHex(...encodeBody(callbacks.recallLease.request, body))).toBe(hex);
    expect(decodeBody(callbacks.recallLease.request, fromHex(hex))).toEqual(body);
  });

  it("refuse a gfid that is not written as bricks write it", () => {
    const body = vector("cbk-cache-invalidation-flags16-callback").record.slice(40);
    body[4] = 0x2d;
    expect(refusalOf(() => decodeBody(callbacks.cacheInvalidation.request, body))).toBe("WIRE_TEXT");
  });
});

describe("attributes", () => {
  it("keep every member at its place", () => {
    const stat = {
      gfid,
      flags: 1,
      ino: 2n,
      dev: 3n,
      rdev: 4n,
      size: 5,
      blocks: 6,
      attributes: 7n,
      attributesMask: 8n,
      atime: -9,
      mtime: 10,
      ctime: 11,
      btime: 12,
      atimeNsec: 13,
      mtimeNsec: 14,
      ctimeNsec: 15,
      btimeNsec: 16,
      nlink: 17,
      uid: 18,
      gid: 19,
      blksize: 20,
      mode: 21,
    };
    const body = toHex(...encodeFopReply("stat", { opRet: 0, opErrno: 0, xdata: null, stat })).slice(40);
    const words = (from: number, to: number, digits: number) =>
      Array.from({ length: to - from + 1 }, (_, index) =>
        (from + index).toString(16).padStart(digits, "0"),
      ).join("");
    expect(body).toBe(`${gfidHex}${words(1, 8, 16)}fffffffffffffff7${words(10, 12, 16)}${words(13, 21, 8)}`);
    expect(Object.keys(stat)).toEqual(Object.keys(NO_IATT));
  });
});
