import { Errno, LeaseType, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { leased, setLease, unlock } from "../lease-client.js";
import { pausedStore } from "../paused-store.js";
import { createFile, readFile, settle, startBrick, textOf, writeFile } from "../test-brick.js";

async function setUp() {
  const paused = pausedStore(createMemoryStore());
  const started = await startBrick({}, [{ name: "b0", store: paused.store }]);
  const [runner, writer] = [await started.client(), await started.client()];
  const { gfid } = await createFile(writer, "f", { content: "0123456789" });
  return { ...started, paused, runner, writer, gfid };
}

it("grants a lease only when the writes that run have come to their end", async () => {
  const { paused, runner, writer, gfid } = await setUp();
  paused.hold();
  const write = writeFile(writer, gfid, "X");
  await settle();
  let grant: Awaited<ReturnType<typeof setLease>> | undefined;
  void setLease(runner, gfid, LeaseType.read).then((answer) => (grant = answer));
  await settle();
  expect(grant).toBeUndefined();
  paused.letGo();
  await write;
  await settle();
  expect(grant?.reply.opRet).toBe(0);
});

it("counts a write that was let in under an earlier lease as dirty since that lease", async () => {
  const { paused, runner, writer, gfid } = await setUp();
  const first = await leased(runner, gfid);
  await unlock(runner, gfid, first.leaseId);
  paused.hold();
  const write = writeFile(writer, gfid, "X", 4);
  await settle();
  const second = setLease(runner, gfid, LeaseType.read, { dirtySince: first.epoch });
  await settle();
  paused.letGo();
  await write;
  expect((await second).dirty).toEqual([{ offset: 4, length: 1 }]);
});

it("answers other files while one waits for its storage", async () => {
  const { paused, writer, gfid } = await setUp();
  const other = await createFile(writer, "g", { content: "other" });
  paused.hold();
  const write = writeFile(writer, gfid, "X");
  expect(textOf((await readFile(writer, other.gfid)).payload)).toBe("other");
  paused.letGo();
  expect((await write).opRet).toBe(1);
});

it("finishes running fops before it closes, and drops blocked ones", async () => {
  const { paused, server, runner, writer, gfid, brick } = await setUp();
  const locked = await createFile(writer, "g");
  await leased(runner, locked.gfid);
  const blocked = writeFile(writer, locked.gfid, "never").catch((error: unknown) => error);
  paused.hold();
  void writeFile(writer, gfid, "X").catch(() => {});
  await settle();
  let isClosed = false;
  const closing = server.close().then(() => (isClosed = true));
  await settle();
  expect(isClosed).toBe(false);
  paused.letGo();
  await settle();
  for (const client of [runner, writer]) await client.peer.close();
  await closing;
  expect(await blocked).toMatchObject({ code: "RPC_DISCONNECTED" });
  expect(brick.running).toBe(0);
  expect(brick.tree.stat(gfid).size).toBe(10);
});

it("lets fops on one name run one after the other", async () => {
  const { writer } = await setUp();
  const name = { pargfid: ROOT_GFID, bname: "n" };
  const replies = await Promise.all([
    createFile(writer, "n").then(({ reply }) => reply),
    writer.call("unlink", { ...name, xflags: 0, xdata: null }),
    writer.call("unlink", { ...name, xflags: 0, xdata: null }),
  ]);
  expect(replies.map(({ opRet, opErrno }) => (opRet < 0 ? opErrno : 0))).toEqual([0, 0, Errno.ENOENT]);
});
