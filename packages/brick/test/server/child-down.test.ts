import { Errno, LkCmd, LockType, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { StoreError } from "../../src/store/store-error.js";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { createFile, readFile, settle, startBrick, type TestClient, writeFile } from "../test-brick.js";

const INTERVAL_MS = 30_000;
const RETRY_MS = 3_000;

/** A brick whose store fails while `fault.error` is set. */
async function startOnFailing() {
  const fault: { error?: Error } = {};
  const store = {
    ...createMemoryStore(),
    async check() {
      if (fault.error !== undefined) throw fault.error;
    },
  };
  const started = await startBrick({}, [
    { name: "b0", store },
    { name: "b1", store: createMemoryStore() },
  ]);
  const pass = async (ms: number) => {
    started.scheduler.advance(ms);
    await settle();
  };
  return { ...started, fault, pass };
}
const told = (client: TestClient) =>
  client.callbacks.flatMap(({ name }) => (name.startsWith("child") ? [name] : []));

it("a brick whose store fails tells its clients, serves nothing that needs it, and comes back with it", async () => {
  const { fault, pass, client, connect, events } = await startOnFailing();
  const one = await client();
  const other = await client({ "remote-subvolume": "b1" });
  const { gfid, fd } = await createFile(one, "f", { content: "before" });
  await pass(INTERVAL_MS);
  expect(told(one)).toEqual([]);

  fault.error = new StoreError("STORE_IO", "the disk is gone");
  await pass(INTERVAL_MS);
  expect([told(one), told(other)]).toEqual([["childDown"], []]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "child-down", brick: "b0", reason: "store", error: fault.error }),
  );
  expect((await writeFile(one, gfid, "late")).opErrno).toBe(Errno.ENOTCONN);
  expect((await readFile(one, gfid)).opErrno).toBe(Errno.ENOTCONN);
  const lookup = { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname: "", xdata: null };
  expect((await other.call("lookup", lookup)).opRet).toBe(0);
  const refused = await (await connect()).setvolume();
  expect([refused.opRet, refused.opErrno]).toEqual([-1, Errno.EAGAIN]);
  expect((await (await connect()).setvolume({ "remote-subvolume": "b1" })).opRet).toBe(0);

  delete fault.error;
  await pass(RETRY_MS);
  expect(told(one)).toEqual(["childDown", "childUp"]);
  // What the client had open is open still.
  const read = await one.call("read", { gfid, fd, offset: 0, size: 6, flag: 0, xdata: null });
  expect(read.opRet).toBe(6);
  expect((await (await connect()).setvolume()).opRet).toBe(0);
});

it("takes locks and fds back while it is down, so that none is left behind", async () => {
  const { client, brick } = await startOnFailing();
  const one = await client();
  const { gfid, fd } = await createFile(one, "f");
  const lock = (type: number) => ({
    gfid,
    cmd: LkCmd.setlk,
    type,
    flock: { type, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array([1]) },
    volume: "domain",
    xdata: null,
  });
  expect((await one.call("inodelk", lock(LockType.write))).opRet).toBe(0);
  brick.takeDown("stopped");
  expect((await one.call("inodelk", lock(LockType.unlock))).opRet).toBe(0);
  expect((await one.call("release", { gfid, fd, xdata: null })).opRet).toBe(0);
  expect([...brick.clients.values()].map(({ uid }) => brick.locks.countOf(uid))).toEqual([0]);
});

it("stays down until nothing keeps it down, and tells of a change once", async () => {
  const { fault, pass, client, brick } = await startOnFailing();
  const one = await client();
  brick.takeDown("stopped");
  brick.takeDown("stopped");
  fault.error = new Error("no disk");
  await pass(INTERVAL_MS);
  brick.bringUp("stopped");
  expect(brick.isUp).toBe(false);
  delete fault.error;
  await pass(RETRY_MS);
  brick.bringUp("store");
  await settle();
  expect([brick.isUp, told(one)]).toEqual([true, ["childDown", "childUp"]]);
});

it("ends in order while a check of the store hangs", async () => {
  const never = new Promise<void>(() => {});
  const store = { ...createMemoryStore(), check: () => never };
  const { scheduler, server, brick } = await startBrick({}, [{ name: "b0", store }]);
  scheduler.advance(INTERVAL_MS);
  scheduler.advance(20_000);
  expect(brick.isUp).toBe(false);
  await server.close();
});
