import { readFileSync } from "node:fs";
import { createRpcPeer } from "@brickshift/rpc";
import { ManualScheduler } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  callbacks,
  decodeBody,
  decodeMessage,
  dump,
  encodeBody,
  Errno,
  handshake,
  oldDictOf,
  oldDictText,
  portmap,
  type Procedure,
  type Program,
  programs,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import {
  createManagementServer,
  type ManagementEvent,
  type ManagementOptionsInput,
} from "../../src/index.js";
import { settle } from "../test-brick.js";

interface Vector {
  readonly name: string;
  readonly hex: string;
}

const ADDRESS = "memory://management";
const folder = new URL("../../../wire/test/vectors/", import.meta.url);

function recorded(file: string, name: string): Uint8Array {
  const vectors = JSON.parse(readFileSync(new URL(`${file}.json`, folder), "utf8")) as Vector[];
  return new Uint8Array(Buffer.from(vectors.find((vector) => vector.name === name)!.hex, "hex"));
}

/** The volfile that glusterd sent, and the answers to what was asked of it then. */
const spec = decodeBody(
  handshake.getspec.reply,
  decodeMessage(recorded("hndsk-getspec", "hndsk-getspec-reply")).body,
).spec;

async function start(options: ManagementOptionsInput = {}) {
  const scheduler = new ManualScheduler();
  const transport = createMemoryTransport();
  const events: ManagementEvent[] = [];
  const volfiles = new Map([
    ["wire", spec],
    ["ü", "volume ü\n    type x/y\nend-volume\n"],
  ]);
  const ports = new Map([["/tmp/wire/b0", 55_504]]);
  const server = createManagementServer({
    directory: {
      volfile: (volume) => volfiles.get(volume),
      volumeId: (volume) => (volume === "wire" ? "84612d97-caab-44f2-b998-064d4cff8043" : undefined),
      portOf: (brick) => ports.get(brick),
      brickAt: (port) => [...ports].find(([, at]) => at === port)?.[0],
    },
    scheduler,
    options,
    log: (event) => events.push(event),
  });
  await transport.listen(ADDRESS, (connection) => server.accept(connection));

  async function connect() {
    const connection = await transport.connect(ADDRESS);
    const heard: number[] = [];
    const peer = createRpcPeer({
      connection,
      scheduler,
      options: { pingTimeoutMs: 0 },
      programs: [
        {
          ...programs.callback,
          procedures: new Set([1]),
          isOneWay: true,
          handle: (call) => void heard.push(call.procedure),
        },
      ],
    });
    const raw = (program: Program, procedure: number, body: readonly Uint8Array[] = []) =>
      peer.call({ program: program.number, version: program.version, procedure, body });
    const call = async <Q, R>(program: Program, procedure: Procedure<Q, R>, request: Q) => {
      const reply = await raw(program, procedure.number, encodeBody(procedure.request, request));
      return decodeBody(procedure.reply, reply.body);
    };
    const getspec = (key: string) =>
      call(programs.handshake, handshake.getspec, { flags: 1, key, xdata: null });
    return { peer, heard, raw, call, getspec };
  }
  /** Sends a recorded call as it is and gives the record that comes back. */
  async function replay(record: Uint8Array): Promise<Uint8Array> {
    const connection = await transport.connect(ADDRESS);
    const replies: Uint8Array[] = [];
    connection.receive((reply) => void replies.push(reply));
    await connection.send([record]);
    await settle();
    return replies[0]!;
  }
  return { server, volfiles, ports, events, connect, replay };
}

describe("recorded calls", () => {
  it.each([
    ["hndsk-getspec", "hndsk-getspec"],
    ["pmap-portbybrick", "pmap-portbybrick"],
  ])("%s is answered to the byte as glusterd answered it", async (file, name) => {
    const { replay } = await start();
    const reply = await replay(recorded(file, `${name}-call`));
    expect(Buffer.from(reply).toString("hex")).toBe(
      Buffer.from(recorded(file, `${name}-reply`)).toString("hex"),
    );
  });

  it("PORTBYBRICK of a brick that is not up is answered as glusterd did", async () => {
    const { replay, ports, events } = await start();
    ports.clear();
    const reply = await replay(recorded("pmap-portbybrick", "pmap-portbybrick-errno0-call"));
    expect(Buffer.from(reply)).toEqual(
      Buffer.from(recorded("pmap-portbybrick", "pmap-portbybrick-errno0-reply")),
    );
    expect(events).toMatchObject([{ type: "brick-unknown", brick: "/tmp/wire/b0" }]);
  });

  it("GET_VOLUME_INFO tells the volume's id", async () => {
    const { replay, connect } = await start();
    const reply = await replay(recorded("hndsk-get-volume-info", "hndsk-get-volume-info-call"));
    const { body } = decodeMessage(reply);
    const expected = decodeMessage(recorded("hndsk-get-volume-info", "hndsk-get-volume-info-reply")).body;
    const id = (bytes: Uint8Array) =>
      oldDictText(decodeBody(handshake.getVolumeInfo.reply, bytes).dict, "volume_id");
    expect(id(body)).toBe(id(expected));
    const { call } = await connect();
    const dict = oldDictOf({ flags: "1", volname: "nobody" });
    expect((await call(programs.handshake, handshake.getVolumeInfo, { dict })).opRet).toBe(-1);
  });
});

describe("a management server", () => {
  it("lists the port map, and no fops", async () => {
    const { connect } = await start();
    const { call } = await connect();
    const { programs: listed } = await call(programs.dump, dump.dump, { gfsId: 0n });
    expect(listed.map(({ progname }) => progname).toSorted()).toEqual([
      "GF-DUMP",
      "Gluster Portmap",
      "GlusterFS Handshake",
    ]);
  });

  it("gives a volfile by its key with and without a slash, with its length in bytes", async () => {
    const { connect, events } = await start();
    const { getspec } = await connect();
    expect(await getspec("/wire")).toEqual(await getspec("wire"));
    const { opRet, spec: text } = await getspec("/ü");
    expect([opRet, text.length]).toEqual([Buffer.byteLength(text), opRet - 1]);
    for (const key of ["nobody", "", "/", "//wire", "/wire/d", "constructor"]) {
      expect(await getspec(key)).toMatchObject({ opRet: -1, opErrno: Errno.ENOENT, spec: "" });
    }
    expect(events.filter(({ type }) => type === "volfile-fetched")).toHaveLength(3);
    expect(events.filter(({ type }) => type === "volfile-unknown")).toHaveLength(6);
  });

  it("tells which brick is at a port", async () => {
    const { connect } = await start();
    const { call } = await connect();
    const at = (port: number) => call(programs.portmap, portmap.brickByPort, { port });
    expect(await at(55_504)).toMatchObject({ opRet: 0, brick: "/tmp/wire/b0" });
    expect(await at(1)).toMatchObject({ opRet: -1, brick: "" });
  });

  it("announces a changed volume to those who have fetched it, and to nobody else", async () => {
    const { connect, server } = await start();
    const [one, other, third] = [await connect(), await connect(), await connect()];
    await one.getspec("/wire");
    await other.getspec("/ü");
    await third.getspec("/nobody");
    expect(server.announce(new Set(["wire"]))).toBe(1);
    expect(server.announce(new Set())).toBe(0);
    await settle();
    expect([one.heard, other.heard, third.heard]).toEqual([[callbacks.fetchspec.number], [], []]);
    other.peer.abort();
    await settle();
    expect(server.announce(new Set(["ü"]))).toBe(0);
  });

  it("refuses garbage and keys that are too long, tells of it, and goes on", async () => {
    const { connect, events } = await start({ keyBytesMax: 8 });
    const { raw, getspec, call } = await connect();
    for (const procedure of [handshake.getspec, handshake.getVolumeInfo]) {
      await expect(
        raw(programs.handshake, procedure.number, [new Uint8Array([0, 0, 0])]),
      ).rejects.toMatchObject({ refusal: "garbageArguments" });
    }
    await expect(getspec("/" + "w".repeat(8))).rejects.toMatchObject({ refusal: "garbageArguments" });
    const long = { brick: "b".repeat(9) };
    await expect(call(programs.portmap, portmap.portByBrick, long)).rejects.toMatchObject({
      refusal: "garbageArguments",
    });
    await expect(raw(programs.portmap, portmap.signin.number)).rejects.toMatchObject({
      refusal: "procedureUnavailable",
    });
    await expect(raw(programs.handshake, handshake.setvolume.number)).rejects.toMatchObject({
      refusal: "procedureUnavailable",
    });
    await expect(raw(programs.fop, 1)).rejects.toMatchObject({ refusal: "programUnavailable" });
    expect(events.map(({ type }) => type)).toEqual(["garbage", "garbage", "garbage", "garbage"]);
    expect((await getspec("wire")).opRet).toBe(spec.length);
    await raw(programs.handshake, 0);
    expect((await call(programs.handshake, handshake.ping, {})).opRet).toBe(0);
  });

  it("ends one connection more than it may have, and every one after its end", async () => {
    const { connect, server, events } = await start({ connectionsMax: 1 });
    const one = await connect();
    await expect((await connect()).getspec("wire")).rejects.toThrow("RPC_");
    expect(events).toMatchObject([{ type: "management-refused" }]);
    await server.close();
    await server.close();
    await expect(one.peer.closed).resolves.toBeUndefined();
    await expect((await connect()).getspec("wire")).rejects.toThrow("RPC_");
  });
});
