import {
  AcceptStat,
  decodeBody,
  decodeMessage,
  dump,
  DUMP_GFS_ID,
  encodeBody,
  encodeFopRequest,
  Errno,
  FOP_COMPOUND,
  fops,
  handshake,
  type Program,
  programs,
  ROOT_GFID,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { ZodError } from "zod";
import { createBrickServer } from "../../src/server/brick-server.js";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { ADDRESS, settle, startBrick, type TestClient } from "../test-brick.js";
import { ManualScheduler } from "@brickshift/testkit";

const raw = (client: TestClient, program: Program, procedure: number, body: readonly Uint8Array[] = []) =>
  client.peer.call({ program: program.number, version: program.version, procedure, body });

const lookupRoot = { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname: "", xdata: null };

describe("SETVOLUME", () => {
  it("names the brick, its state and what Brickshift adds", async () => {
    const volumeId = "11111111-2222-4333-8444-555555555555";
    const subvolume = "demo-client-0";
    const { connect, brick } = await startBrick({}, [
      { name: "b0", store: createMemoryStore(), volumeId, subvolume },
    ]);
    const reply = await (await connect()).setvolume({ "volume-id": volumeId });
    expect([reply.opRet, reply.opErrno]).toEqual([0, 0]);
    expect(reply.text("ERROR")).toBe("Success");
    expect(reply.text("child_up")).toBe("1");
    expect(reply.text("volume-id")).toBe(volumeId);
    expect(reply.text("process-uuid")).toContain(brick.id);
    expect(reply.text("brickshift.version")).toBe("2");
    expect(reply.text("brickshift.brick-id")).toBe(brick.id);
    expect(reply.text("brickshift.subvolume")).toBe(subvolume);
    const alone = await (await (await startBrick()).connect()).setvolume();
    expect([alone.text("volume-id"), alone.text("brickshift.subvolume")]).toEqual([undefined, undefined]);
  });

  it("says which release the brick imitates, and nothing of Brickshift's own version then", async () => {
    const { connect } = await startBrick({ compat: "gluster-10.3" });
    const reply = await (await connect()).setvolume();
    expect([reply.opRet, reply.text("brickshift.compat")]).toEqual([0, "gluster-10.3"]);
    expect(reply.text("brickshift.version")).toBeUndefined();
  });

  it("refuses an unknown brick with ENOENT, and wrong or missing keys with EINVAL", async () => {
    const { connect, events } = await startBrick({}, [
      { name: "b0", store: createMemoryStore(), volumeId: "11111111-2222-4333-8444-555555555555" },
    ]);
    const client = await connect();
    const unknown = await client.setvolume({ "remote-subvolume": "nobody" });
    expect([unknown.opRet, unknown.opErrno, unknown.text("ERROR")]).toEqual([
      -1,
      Errno.ENOENT,
      "remote-subvolume not found",
    ]);
    for (const wrong of [
      { "fops-version": "1" },
      { "process-uuid": "" },
      { "process-uuid": "u".repeat(1_025) },
      { "volume-id": "22222222-2222-4333-8444-555555555555" },
    ]) {
      expect((await client.setvolume(wrong)).opErrno).toBe(Errno.EINVAL);
    }
    expect(events.filter(({ type }) => type === "session-refused")).toHaveLength(5);
    expect((await client.setvolume()).opRet).toBe(0);
    expect((await client.setvolume()).opErrno).toBe(Errno.EINVAL);
  });

  it("lets the remote-subvolume pick one of several bricks behind one listener", async () => {
    const { client, server } = await startBrick({}, [
      { name: "b0", store: createMemoryStore() },
      { name: "b1", store: createMemoryStore() },
    ]);
    const one = await client({ "remote-subvolume": "b1" });
    await one.call("mkdir", {
      pargfid: ROOT_GFID,
      mode: 0o755,
      umask: 0,
      bname: "d",
      xdata: new Map([
        ["gfid-req", { type: "gfuuid", value: ROOT_GFID.replace(/1$/, "2") as typeof ROOT_GFID }],
      ]),
    });
    const has = (name: string) => {
      try {
        return server.bricks.get(name)?.tree.lookup(ROOT_GFID, "d") !== undefined;
      } catch {
        return false;
      }
    };
    expect([has("b0"), has("b1")]).toEqual([false, true]);
  });

  it("asks for a password when users are configured, and for an address that is allowed", async () => {
    const withUsers = await startBrick({ login: { users: { alice: "secret" } } });
    const client = await withUsers.connect();
    expect((await client.setvolume()).opErrno).toBe(Errno.EACCES);
    expect((await client.setvolume({ username: "alice", password: "wrong" })).opErrno).toBe(Errno.EACCES);
    expect((await client.setvolume({ username: "constructor", password: "x" })).opErrno).toBe(Errno.EACCES);
    expect((await client.setvolume({ username: "alice", password: "secret" })).opRet).toBe(0);
    const elsewhere = await startBrick({ login: { allow: ["192.168.*"] } });
    expect((await (await elsewhere.connect()).setvolume()).opErrno).toBe(Errno.EACCES);
  });
});

describe("before a SETVOLUME", () => {
  it("fops are garbage, and the dump, pings and the rest of the handshake are answered", async () => {
    const { connect } = await startBrick();
    const client = await connect();
    await expect(client.call("lookup", lookupRoot)).rejects.toMatchObject({ refusal: "garbageArguments" });
    const { body } = await raw(
      client,
      programs.dump,
      1,
      encodeBody(dump.dump.request, { gfsId: DUMP_GFS_ID }),
    );
    const listed = decodeBody(dump.dump.reply, body).programs.map(({ progname }) => progname);
    expect(listed.toSorted()).toEqual(["GF-DUMP", "GlusterFS 4.x v1", "GlusterFS Handshake"]);
    const ping = await raw(client, programs.dump, dump.ping.number);
    expect(decodeBody(dump.ping.reply, ping.body)).toEqual({ opRet: 0, opErrno: 0, xdata: null });
    const pong = await raw(client, programs.handshake, handshake.ping.number);
    expect(decodeBody(handshake.ping.reply, pong.body).opRet).toBe(0);
    const spec = encodeBody(handshake.getspec.request, { flags: 0, key: "vol", xdata: null });
    const { body: noSpec } = await raw(client, programs.handshake, handshake.getspec.number, spec);
    expect(decodeBody(handshake.getspec.reply, noSpec)).toMatchObject({ opRet: -1, opErrno: Errno.ENOSYS });
    const version = encodeBody(handshake.setLkVer.request, { uid: "u", lkVer: 7 });
    const { body: echo } = await raw(client, programs.handshake, handshake.setLkVer.number, version);
    expect(decodeBody(handshake.setLkVer.reply, echo).lkVer).toBe(7);
    expect((await raw(client, programs.handshake, 0)).body).toHaveLength(0);
  });
});

describe("after it", () => {
  it("a body that does not decode is garbage, logged with its fop, and the connection goes on", async () => {
    const { client, events } = await startBrick();
    const one = await client();
    await expect(raw(one, programs.fop, fops.read.number, [new Uint8Array(7)])).rejects.toMatchObject({
      refusal: "garbageArguments",
    });
    await expect(raw(one, programs.fop, FOP_COMPOUND)).rejects.toMatchObject({ refusal: "garbageArguments" });
    await expect(raw(one, programs.fop, 57)).rejects.toMatchObject({ refusal: "procedureUnavailable" });
    expect(events).toContainEqual(expect.objectContaining({ type: "garbage", procedure: "read" }));
    expect((await raw(one, programs.fop, 0)).body).toHaveLength(0);
    expect((await one.call("lookup", lookupRoot)).opRet).toBe(0);
  });

  it("an IPC that the brick does not know is EOPNOTSUPP", async () => {
    const { client } = await startBrick();
    const one = await client();
    expect((await one.call("ipc", { op: 2, xdata: null })).opErrno).toBe(Errno.EOPNOTSUPP);
  });

  it("a key of the lease protocol with a value of another kind is EINVAL", async () => {
    const { client } = await startBrick();
    const one = await client();
    const xdata = new Map([["brickshift.lease-epoch", { type: "str", value: new Uint8Array(1) }]] as const);
    expect((await one.call("lookup", { ...lookupRoot, xdata })).opErrno).toBe(Errno.EINVAL);
  });
});

describe("bounds of connections", () => {
  it("end one connection more at once, and take a new one when one has gone", async () => {
    const { connect, events } = await startBrick({ connectionsMax: 1 });
    const first = await connect();
    const second = await connect();
    await expect(second.setvolume()).rejects.toThrow("RPC_");
    expect(events).toContainEqual(expect.objectContaining({ type: "connection-refused" }));
    first.peer.abort();
    await settle();
    expect((await (await connect()).setvolume()).opRet).toBe(0);
  });

  it("refuse one connection more of a client with EAGAIN", async () => {
    const { connect } = await startBrick({ connectionsPerClientMax: 1 });
    const same = { "process-uuid": "CTX_ID:same" };
    expect((await (await connect()).setvolume(same)).opRet).toBe(0);
    expect((await (await connect()).setvolume(same)).opErrno).toBe(Errno.EAGAIN);
  });

  it("refuse every new connection of a closed server", async () => {
    const { server, transport } = await startBrick();
    await server.close();
    await server.close();
    const connection = await transport.connect(ADDRESS);
    await expect(connection.closed).resolves.toBeDefined();
  });
});

describe("createBrickServer", () => {
  it("refuses options that do not fit, and bricks without a name of their own, before it opens anything", async () => {
    const scheduler = new ManualScheduler();
    const store = createMemoryStore();
    const two = [
      { name: "b", store },
      { name: "b", store },
    ];
    const refused = async (promise: Promise<unknown>) =>
      ((await promise.catch((error: unknown) => error)) as ZodError).name;
    expect(await refused(createBrickServer({ bricks: two, scheduler }))).toBe("ZodError");
    expect(await refused(createBrickServer({ bricks: [], scheduler }))).toBe("ZodError");
    const options = { recordBytesMax: 65_536 };
    expect(await refused(createBrickServer({ bricks: [{ name: "b", store }], scheduler, options }))).toBe(
      "ZodError",
    );
  });
});

it("answers a reply that is a whole record for a call whose header is all it is", async () => {
  const { transport } = await startBrick();
  const connection = await transport.connect(ADDRESS);
  const replies: Uint8Array[] = [];
  connection.receive((record) => {
    replies.push(record);
  });
  const [body = new Uint8Array()] = encodeFopRequest("lookup", lookupRoot);
  const header = new Uint8Array(40);
  const view = new DataView(header.buffer);
  for (const [index, word] of [5, 0, 2, programs.fop.number, 400, fops.lookup.number].entries()) {
    view.setUint32(index * 4, word);
  }
  await connection.send([header, body]);
  await settle();
  const [reply] = replies.map((record) => decodeMessage(record));
  expect(reply).toMatchObject({ kind: "reply", header: { xid: 5, acceptStat: AcceptStat.garbageArguments } });
});
