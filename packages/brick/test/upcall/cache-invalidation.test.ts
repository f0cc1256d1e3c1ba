import { readFileSync } from "node:fs";
import {
  bytesValue,
  type CallbackRequest,
  callbacks,
  decodeBody,
  Errno,
  type Gfid,
  NO_IATT,
  NULL_GFID,
  OpenFlags,
  ROOT_GFID,
  SetattrValid,
  uintValue,
  XattropOp,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  createFile,
  creation,
  newGfid,
  settle,
  startBrick,
  type TestClient,
  writeFile,
} from "../test-brick.js";

type Invalidation = CallbackRequest<"cacheInvalidation">;

/** What a callback says, but for the values of this brick: flags, which attributes come along, which xattrs. */
function shapeOf({ flags, eventType, expireTimeAttr, stat, parentStat, oldparentStat, xdata }: Invalidation) {
  const filled = Object.entries({ stat, parentStat, oldparentStat }).flatMap(([name, { gfid }]) =>
    gfid === NULL_GFID ? [] : [name],
  );
  const xattrs = [...(xdata ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`);
  return { flags, eventType, expireTimeAttr, filled, xattrs };
}

const recorded = (
  JSON.parse(
    readFileSync(new URL("../../../wire/test/vectors/cbk-cache-invalidation.json", import.meta.url), "utf8"),
  ) as { name: string; hex: string }[]
).map(({ name, hex }) => {
  const body = new Uint8Array(Buffer.from(hex, "hex")).slice(40);
  return { name, shape: shapeOf(decodeBody(callbacks.cacheInvalidation.request, body)) };
});

const lookup = (client: TestClient, bname: string, pargfid: Gfid = ROOT_GFID) =>
  client.call("lookup", { gfid: NULL_GFID, pargfid, flags: 0, bname, xdata: null });

/** A writer and a reader; the reader has looked at the file, at two directories and at the root. */
async function setUp(cacheInvalidation = {}) {
  const started = await startBrick({ cacheInvalidation });
  const [writer, reader] = [await started.client(), await started.client()];
  const [from, to] = [newGfid(), newGfid()];
  for (const [bname, gfid] of [
    ["from", from],
    ["to", to],
  ] as const) {
    await writer.call("mkdir", { pargfid: ROOT_GFID, mode: 0o755, umask: 0, bname, xdata: creation(gfid) });
  }
  const { gfid, fd } = await createFile(writer, "f", { pargfid: from, content: "0123" });
  const watched = new Map(
    ["user.k", "trusted.m"].map((name) => [name, bytesValue(new Uint8Array(0))] as const),
  );
  await reader.call("ipc", { op: 2, xdata: watched });
  for (const bname of ["", "from", "to"]) await lookup(reader, bname).catch(() => {});
  await reader.call("lookup", { gfid: ROOT_GFID, pargfid: NULL_GFID, flags: 0, bname: "", xdata: null });
  await lookup(reader, "f", from);
  const heard = async (client: TestClient): Promise<Invalidation[]> => {
    await settle();
    return client.callbacks.splice(0).map(({ request }) => request as Invalidation);
  };
  return { ...started, writer, reader, from, to, gfid, fd, heard };
}

type Scene = Awaited<ReturnType<typeof setUp>>;
const xattr = (name: string, value: string) => new Map([[name, bytesValue(bytesOf(value))]]);

/** What the recordings of a stock brick were made of. */
const changes: Record<string, (scene: Scene) => Promise<unknown>> = {
  "cbk-cache-invalidation-flags24-callback": ({ writer, gfid }) => writeFile(writer, gfid, "ab"),
  "cbk-cache-invalidation-flags1118-callback": ({ writer, gfid }) =>
    writer.call("setattr", {
      gfid,
      stbuf: { ...NO_IATT, mode: 0o600 },
      valid: SetattrValid.mode,
      xdata: null,
    }),
  "cbk-cache-invalidation-flags1040-xattrs-callback": ({ writer, gfid }) =>
    writer.call("setxattr", { gfid, flags: 0, dict: xattr("user.k", "VV"), xdata: null }),
  "cbk-cache-invalidation-flags2064-xattrs-callback": ({ writer, gfid, heard, reader }) =>
    writer
      .call("setxattr", { gfid, flags: 0, dict: xattr("user.k", "VV"), xdata: null })
      .then(() => heard(reader))
      .then(() => writer.call("removexattr", { gfid, name: "user.k", xdata: null })),
  "cbk-cache-invalidation-flags529-callback": ({ writer, gfid, to }) =>
    writer.call("link", { oldgfid: gfid, newgfid: to, newbname: "l", xdata: null }),
  "cbk-cache-invalidation-flags640-callback": ({ writer, from, to }) =>
    writer.call("rename", { oldgfid: from, newgfid: to, oldbname: "f", newbname: "g", xdata: null }),
  "cbk-cache-invalidation-flags16-callback": ({ writer }) => createFile(writer, "new"),
  "cbk-cache-invalidation-flags256-callback": ({ writer, gfid, fd, from, heard, reader }) =>
    writer
      .call("unlink", { pargfid: from, bname: "f", xflags: 0, xdata: null })
      .then(() => heard(reader))
      .then(() => writer.call("release", { gfid, fd, xdata: null })),
};

describe("a change is told as a stock brick tells it", () => {
  it.each(recorded.map(({ name, shape }) => [name, shape] as const))("%s", async (name, shape) => {
    const change = changes[name];
    if (change === undefined) throw new Error(`nothing makes ${name}`);
    const scene = await setUp();
    await scene.heard(scene.reader);
    await change(scene);
    expect((await scene.heard(scene.reader)).map(shapeOf)).toContainEqual(shape);
    expect(await scene.heard(scene.writer)).toHaveLength(name.includes("flags256") ? 1 : 0);
  });
});

describe("who is told", () => {
  it("is every other client that accessed the inode within the time, and nobody else", async () => {
    const scene = await setUp({ timeoutMs: 5_000 });
    const { writer, reader, gfid, scheduler, heard } = scene;
    const third = await scene.client();
    await heard(reader);
    scheduler.advance(4_999);
    await writeFile(writer, gfid, "x");
    expect((await heard(reader)).map(shapeOf)).toMatchObject([{ flags: 0x18, expireTimeAttr: 5 }]);
    scheduler.advance(1);
    await writeFile(writer, gfid, "x");
    expect([await heard(reader), await heard(third), await heard(writer)]).toEqual([[], [], []]);
    await reader.call("fstat", { gfid, fd: -2n, xdata: null });
    await writeFile(writer, gfid, "x");
    expect(await heard(reader)).toHaveLength(1);
  });

  it("is told of what comes between its look at an inode and the answer", async () => {
    const { writer, reader, to, heard } = await setUp();
    const { gfid } = await createFile(writer, "content", { pargfid: to, content: "0123" });
    await heard(reader);
    const xdata = new Map([["glusterfs.content", uintValue(1_024)]]);
    const asked = reader.call("lookup", { gfid: NULL_GFID, pargfid: to, flags: 0, bname: "content", xdata });
    const written = writeFile(writer, gfid, "x");
    await Promise.all([asked, written]);
    expect((await heard(reader)).map(({ gfid: told }) => told)).toContain(gfid);
  });

  it("is told to forget what the brick forgets at its bound", async () => {
    const { writer, reader, to, gfid, heard } = await setUp({ accessesMax: 6 });
    await lookup(reader, "f", to).catch(() => {});
    await reader.call("stat", { gfid, xdata: null });
    await heard(reader);
    for (let index = 0; index < 6; index += 1) await createFile(writer, `n${index}`, { pargfid: to });
    const told = await heard(reader);
    expect(told.filter(({ flags }) => flags === 0x100).map((call) => call.gfid)).toContain(gfid);
    await writeFile(writer, gfid, "x");
    expect(await heard(reader)).toEqual([]);
  });

  it("is nobody once it is gone", async () => {
    const { writer, reader, gfid, brick } = await setUp();
    await reader.peer.close();
    await settle();
    await writer.call("stat", { gfid, xdata: null });
    const before = brick.upcalls?.accesses ?? 0;
    await writer.peer.close();
    await settle();
    expect([before > 0, brick.upcalls?.accesses]).toEqual([true, 0]);
  });
});

describe("xattrs", () => {
  it("are told when somebody registered them, the values as they are afterwards", async () => {
    const { writer, reader, gfid, heard } = await setUp();
    await heard(reader);
    const one = new Uint8Array([0, 0, 0, 1]);
    const add = (name: string) =>
      writer.call("xattrop", {
        gfid,
        flags: XattropOp.addArray32,
        dict: new Map([[name, bytesValue(one)]]),
        xdata: null,
      });
    for (const name of ["trusted.m", "trusted.m", "trusted.other"]) await add(name);
    await writer.call("setxattr", { gfid, flags: 0, dict: xattr("user.other", "v"), xdata: null });
    expect((await heard(reader)).map(({ flags, xdata }) => [flags, [...(xdata ?? [])]])).toEqual([
      [0x400, [["trusted.m", one]]],
      [0x400, [["trusted.m", new Uint8Array([0, 0, 0, 2])]]],
    ]);
  });

  it("are registered up to a bound, all or none", async () => {
    const { reader, writer, gfid, heard } = await setUp({ xattrNamesMax: 3 });
    const register = (...names: string[]) =>
      reader.call("ipc", {
        op: 2,
        xdata: new Map(names.map((name) => [name, bytesValue(new Uint8Array(0))])),
      });
    expect(await register("user.a", "user.b")).toMatchObject({ opRet: -1, opErrno: Errno.EINVAL });
    expect(await register(`user.${"x".repeat(300)}`)).toMatchObject({ opRet: -1, opErrno: Errno.EINVAL });
    await heard(reader);
    await writer.call("setxattr", { gfid, flags: 0, dict: xattr("user.a", "v"), xdata: null });
    expect(await heard(reader)).toEqual([]);
    expect(await register("user.a")).toMatchObject({ opRet: 0 });
  });

  it("cannot be registered where there is no cache invalidation, nor anything else asked by IPC", async () => {
    const { client } = await startBrick();
    const reader = await client();
    expect(await reader.call("ipc", { op: 2, xdata: null })).toMatchObject({ opErrno: Errno.EOPNOTSUPP });
    const on = await setUp();
    expect(await on.reader.call("ipc", { op: 1, xdata: null })).toMatchObject({ opErrno: Errno.EOPNOTSUPP });
  });
});

it("tells of an open that empties a file, which a stock brick does not", async () => {
  const { writer, reader, gfid, heard } = await setUp();
  await heard(reader);
  await writer.call("open", { gfid, flags: OpenFlags.rdwr, xdata: null });
  expect(await heard(reader)).toEqual([]);
  await writer.call("open", { gfid, flags: OpenFlags.rdwr | OpenFlags.trunc, xdata: null });
  expect((await heard(reader)).map(({ flags, stat }) => [flags, stat.size])).toEqual([[0x18, 0]]);
});

it("says nothing when it is off", async () => {
  const { client } = await startBrick();
  const [writer, reader] = [await client(), await client()];
  const { gfid } = await createFile(writer, "f");
  await lookup(reader, "f");
  await writeFile(writer, gfid, "x");
  await settle();
  expect(reader.callbacks).toEqual([]);
});
