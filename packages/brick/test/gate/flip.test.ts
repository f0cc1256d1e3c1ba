import {
  bytesValue,
  type Dict,
  type DictValue,
  type Epoch,
  Errno,
  type Extent,
  type Gfid,
  getXdata,
  gfidValue,
  ROOT_GFID,
  XDATA,
  xdataOf,
} from "@brickshift/wire";
import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { leased, unlock } from "../lease-client.js";
import {
  bytesOf,
  createFile,
  readFile,
  settle,
  startBrick,
  type TestClient,
  textOf,
  writeFile,
} from "../test-brick.js";

/** Copies extents from the source, under its lease, to the target, under its fence. */
async function copy(
  source: TestClient,
  target: TestClient,
  gfid: Gfid,
  extents: readonly Extent[],
  { leaseId, epoch }: Awaited<ReturnType<typeof leased>>,
  token: Dict,
): Promise<void> {
  for (const { offset, length } of extents) {
    const read = await readFile(source, gfid, offset, length, xdataOf({ leaseId, leaseEpoch: epoch }));
    expect(read.opRet).toBe(length);
    expect((await writeFile(target, gfid, read.payload, offset, token)).opRet).toBe(length);
  }
}

it("moves a file between two bricks while a client writes it, and loses no write", async () => {
  const { server, client } = await startBrick({}, [
    { name: "s0", store: createMemoryStore() },
    { name: "d0", store: createMemoryStore() },
  ]);
  const onSource = await client({ "remote-subvolume": "s0" });
  const onTarget = await client({ "remote-subvolume": "d0" });
  const writer = await client({ "remote-subvolume": "s0" });
  const { gfid, fd } = await createFile(writer, "f", { mode: 0o640, content: "the first content" });
  const dict: Dict = new Map([["user.colour", bytesValue(bytesOf("blue"))]]);
  await writer.call("setxattr", { gfid, flags: 0, dict, xdata: null });

  // An ordinary transaction, and a write between it and the next.
  const first = await leased(onSource, gfid);
  const source = server.bricks.get("s0")?.id as Gfid;
  const fence = (epoch: Epoch) => xdataOf({ fence: epoch, source });
  const made = await onTarget.call("mknod", {
    pargfid: ROOT_GFID,
    dev: 0n,
    mode: 0o101000,
    umask: 0,
    bname: "f",
    xdata: xdataOf({ linkto: "s0" }, new Map([...fence(first.epoch), ["gfid-req", gfidValue(gfid)]])),
  });
  expect(made.opRet).toBe(0);
  await copy(onSource, onTarget, gfid, [{ offset: 0, length: 17 }], first, fence(first.epoch));
  expect((await unlock(onSource, gfid, first.leaseId)).opRet).toBe(0);
  expect((await writeFile(writer, gfid, "FIRST", 4)).opRet).toBe(5);

  // The flip: exclusive on both, the rest, prepare, commit, publish. A writer waits all the while.
  const last = await leased(onSource, gfid, "read-write", first.epoch);
  const there = await leased(onTarget, gfid, "read-write");
  const late = writer.call("write", {
    gfid,
    fd,
    offset: 0,
    size: 3,
    flag: 0,
    xdata: null,
    payload: bytesOf("THE"),
  });
  await settle();
  expect(last.dirty).toEqual([{ offset: 4, length: 5 }]);
  const token = fence(last.epoch);
  await copy(onSource, onTarget, gfid, last.dirty as readonly Extent[], last, token);
  const xdata = xdataOf({ leaseId: last.leaseId, leaseEpoch: last.epoch });
  const { stat } = await onSource.call("stat", { gfid, xdata });
  const xattrs = (await onSource.call("getxattr", { gfid, namelen: 0, name: "", xdata })).dict;
  const prepared = new Map<string, DictValue>([
    ...(xattrs ?? []),
    ...xdataOf({ migration: "prepare", attributes: stat }),
  ]);
  const set = (one: TestClient, values: Dict, extra: Dict) =>
    one.call("setxattr", { gfid, flags: 0, dict: values, xdata: extra }).then(({ opRet }) => opRet);
  expect(await set(onTarget, prepared, xdataOf({ madeUnder: first.epoch }, token))).toBe(0);
  expect(await set(onSource, xdataOf({ migration: "commit", linkto: "d0" }), xdata)).toBe(0);
  expect(await set(onTarget, xdataOf({ migration: "publish" }), token)).toBe(0);
  expect((await unlock(onSource, gfid, last.leaseId)).opRet).toBe(0);
  expect((await unlock(onTarget, gfid, there.leaseId)).opRet).toBe(0);

  // The writer that waited is sent on, and writes where the file is now.
  const moved = await late;
  expect([moved.opErrno, getXdata(moved.xdata, "linkto")]).toEqual([Errno.ESTALE, "d0"]);
  expect((await writeFile(onTarget, gfid, "THE", 0)).opRet).toBe(3);
  expect(textOf((await readFile(onTarget, gfid)).payload)).toBe("THE FIRST content");
  expect((await onTarget.call("stat", { gfid, xdata: null })).stat).toMatchObject({
    mode: 0o100640,
    size: 17,
  });
  const colour = await onTarget.call("getxattr", { gfid, namelen: 11, name: "user.colour", xdata: null });
  expect(colour.dict?.get("user.colour")).toEqual(bytesValue(bytesOf("blue")));
  expect(colour.dict?.has(XDATA.linkto)).toBe(false);
  expect((await set(onTarget, xdataOf({ migration: "publish" }), token)) === 0).toBe(true);
});
