import {
  bytesValue,
  CONTENT_KEY,
  type Dict,
  dictBytes,
  type Gfid,
  getXdata,
  LeaseType,
  NO_IATT,
  ROOT_GFID,
  SetattrValid,
  uintValue,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { BrickServerOptionsInput } from "../../src/options.js";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { newLeaseId, setLease, unlock } from "../lease-client.js";
import { pausedStore } from "../paused-store.js";
import {
  bytesOf,
  createFile,
  settle,
  startBrick,
  type TestAuth,
  type TestClient,
  writeFile,
} from "../test-brick.js";

const BOTH = xdataOf({ links: [], xattrs: new Map() });
/** What a name "f" and an xattr "user.k" take besides the xattr's value. */
const FRAME_BYTES = 16 + 4 + 1 + (4 + 6 + 4);

async function setUp(options: BrickServerOptionsInput = {}) {
  const store = createMemoryStore();
  const paused = pausedStore(store);
  const fault: { isThrown: boolean } = { isThrown: false };
  const range: typeof store.meta.range = (of) => {
    if (fault.isThrown) throw new Error("the records cannot be read");
    return store.meta.range(of);
  };
  const meta = { ...paused.store.meta, range };
  const started = await startBrick(options, [{ name: "b0", store: { ...paused.store, meta } }]);
  const [runner, client] = [await started.client(), await started.client()];
  const { gfid, fd } = await createFile(client, "f", { mode: 0o600 });
  return { ...started, paused, fault, runner, client, gfid, fd };
}

async function exclusive(client: TestClient, gfid: Gfid, more = BOTH, auth: Partial<TestAuth> = {}) {
  const { reply, leaseId } = await setLease(client, gfid, LeaseType.readWrite, { more, auth });
  expect(reply.opRet).toBe(0);
  return { leaseId, ...toldBy(reply.xdata), epoch: getXdata(reply.xdata, "leaseEpoch") };
}

const toldBy = (xdata: Dict | null) => ({
  links: getXdata(xdata, "links"),
  xattrs: getXdata(xdata, "xattrs"),
});
const NOTHING = { links: undefined, xattrs: undefined };

const setXattr = (client: TestClient, gfid: Gfid, name: string, value: Uint8Array) =>
  client.call("setxattr", { gfid, flags: 0, dict: new Map([[name, bytesValue(value)]]), xdata: null });
const link = (client: TestClient, gfid: Gfid, newbname: string) =>
  client.call("link", { oldgfid: gfid, newgfid: ROOT_GFID, newbname, xdata: null });
const rename = (client: TestClient, oldbname: string, newbname: string) =>
  client.call("rename", { oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname, newbname, xdata: null });
const remove = (client: TestClient, bname: string) =>
  client.call("unlink", { pargfid: ROOT_GFID, bname, xflags: 0, xdata: null });
const chmod = (client: TestClient, gfid: Gfid, mode: number) =>
  client.call("setattr", { gfid, stbuf: { ...NO_IATT, mode }, valid: SetattrValid.mode, xdata: null });

describe("the answer to an exclusive lease", () => {
  it("tells names and xattrs, the same as GETXATTR does", async () => {
    const { runner, client, gfid } = await setUp();
    await link(client, gfid, "\udcff");
    await setXattr(client, gfid, "user.k", bytesOf("v"));
    await setXattr(client, gfid, "trusted.k", Uint8Array.of(0, 255));
    const { links, xattrs, leaseId } = await exclusive(runner, gfid);
    expect(links).toEqual([
      { pargfid: ROOT_GFID, bname: "f" },
      { pargfid: ROOT_GFID, bname: "\udcff" },
    ]);
    const asked = { gfid, namelen: 0, name: "", xdata: xdataOf({ leaseId, links: [] }) };
    const { dict, xdata } = await runner.call("getxattr", asked);
    expect(links).toEqual(getXdata(xdata, "links"));
    const keys = [...(dict?.keys() ?? [])];
    expect(xattrs).toEqual(new Map(keys.map((key) => [key, dictBytes(dict, key)])));
    expect(keys).toEqual(["user.k", "trusted.k"]);
  });

  it("tells what is asked for, and nothing else", async () => {
    const { runner, gfid } = await setUp();
    const names = await exclusive(runner, gfid, xdataOf({ links: [] }));
    expect([names.links?.length, names.xattrs]).toEqual([1, undefined]);
    await unlock(runner, gfid, names.leaseId);
    const xattrs = await exclusive(runner, gfid, xdataOf({ xattrs: new Map() }));
    expect([xattrs.links, xattrs.xattrs]).toEqual([undefined, new Map()]);
    await unlock(runner, gfid, xattrs.leaseId);
    const nothing = await exclusive(runner, gfid, xdataOf({}));
    expect(nothing).toMatchObject(NOTHING);
  });

  it("tells what a rename and a SETXATTR make that were running when it was asked for", async () => {
    const { paused, runner, client, gfid } = await setUp();
    paused.hold();
    const running = [rename(client, "f", "g"), setXattr(client, gfid, "user.k", bytesOf("new"))];
    await settle();
    const granted = exclusive(runner, gfid);
    await settle();
    paused.letGo();
    for (const reply of await Promise.all(running)) expect(reply.opRet).toBe(0);
    const { links, xattrs } = await granted;
    expect(links).toEqual([{ pargfid: ROOT_GFID, bname: "g" }]);
    expect(xattrs).toEqual(new Map([["user.k", bytesOf("new")]]));
  });

  it("tells nothing that a rename and a SETXATTR would make that came after it", async () => {
    const { runner, client, gfid } = await setUp();
    const asked = exclusive(runner, gfid);
    const waiting = [rename(client, "f", "g"), setXattr(client, gfid, "user.k", bytesOf("new"))];
    const { links, xattrs, leaseId } = await asked;
    expect([links, xattrs]).toEqual([[{ pargfid: ROOT_GFID, bname: "f" }], new Map()]);
    await unlock(runner, gfid, leaseId);
    for (const reply of await Promise.all(waiting)) expect(reply.opRet).toBe(0);
  });

  it("tells up to 16 KiB, and of more nothing at all", async () => {
    const { runner, client, gfid } = await setUp();
    const value = new Uint8Array(16_384 - FRAME_BYTES);
    await setXattr(client, gfid, "user.k", value);
    const all = await exclusive(runner, gfid);
    expect([all.links?.length, all.xattrs]).toEqual([1, new Map([["user.k", value]])]);
    await unlock(runner, gfid, all.leaseId);
    await setXattr(client, gfid, "user.k", new Uint8Array(value.length + 1));
    const tooMuch = await exclusive(runner, gfid);
    expect(tooMuch).toMatchObject(NOTHING);
    expect(tooMuch.epoch).toBeDefined();
  });

  it("tells nobody what GETXATTR would not: who may not read, at the moment of the grant", async () => {
    const { paused, runner, client, gfid } = await setUp();
    const stranger = { uid: 1_000, gid: 1_000 };
    const asked = { gfid, namelen: 0, name: "", xdata: null };
    expect((await runner.call("getxattr", asked, stranger)).opRet).toBe(-1);
    const closed = await exclusive(runner, gfid, BOTH, stranger);
    expect(closed).toMatchObject(NOTHING);
    await unlock(runner, gfid, closed.leaseId);
    await chmod(client, gfid, 0o604);
    const open = await exclusive(runner, gfid, BOTH, stranger);
    expect([open.links?.length, open.xattrs]).toEqual([1, new Map()]);
    await unlock(runner, gfid, open.leaseId);
    paused.hold();
    const closing = chmod(client, gfid, 0o600);
    await settle();
    const granted = exclusive(runner, gfid, BOTH, stranger);
    await settle();
    paused.letGo();
    expect((await closing).opRet).toBe(0);
    expect((await granted).links).toBeUndefined();
  });

  it("tells nothing of a file that lost its last name before it was granted", async () => {
    const { paused, runner, client, gfid } = await setUp();
    paused.hold();
    const removed = remove(client, "f");
    await settle();
    const granted = exclusive(runner, gfid);
    await settle();
    paused.letGo();
    expect((await removed).opRet).toBe(0);
    const answer = await granted;
    expect(answer).toMatchObject(NOTHING);
    expect(answer.epoch).toBeDefined();
  });

  it("comes all the same when the records cannot be read", async () => {
    const { fault, runner, gfid } = await setUp();
    fault.isThrown = true;
    const { links, epoch, leaseId } = await exclusive(runner, gfid);
    expect([links, typeof epoch]).toEqual([undefined, "bigint"]);
    expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
  });
});

describe("the content of a file", () => {
  const wanted = (bytesMax: number) => new Map([...BOTH, [CONTENT_KEY, uintValue(bytesMax)]]);
  const contentBy = ({ xdata }: { readonly xdata: Dict | null }) => [
    dictBytes(xdata, CONTENT_KEY),
    getXdata(xdata, "attributes")?.size,
  ];
  const ask = async (client: TestClient, gfid: Gfid, more: Dict) =>
    contentBy((await setLease(client, gfid, LeaseType.readWrite, { more })).reply);

  it.each([["0123456789"], [""]])("is told with its attributes: %j", async (content) => {
    const { runner, client, gfid } = await setUp();
    await writeFile(client, gfid, content);
    expect(await ask(runner, gfid, wanted(10))).toEqual([bytesOf(content), content.length]);
  });

  it("is not told when it is more than was asked for, than the brick tells, or with nothing else", async () => {
    const { runner, client, gfid } = await setUp({ contentBytesMax: 20 });
    await writeFile(client, gfid, "x".repeat(11));
    const nothing = [undefined, undefined];
    const twice = async (bytesMax: number, more = wanted(bytesMax)) => {
      const leaseId = newLeaseId();
      const { reply } = await setLease(runner, gfid, LeaseType.readWrite, { leaseId, more });
      await unlock(runner, gfid, leaseId);
      expect(getXdata(reply.xdata, "leaseEpoch")).toBeDefined();
      return contentBy(reply);
    };
    expect(await twice(10)).toEqual(nothing);
    expect(await twice(11)).toEqual([bytesOf("x".repeat(11)), 11]);
    expect(await twice(11, new Map([[CONTENT_KEY, uintValue(11)]]))).toEqual(nothing);
    await writeFile(client, gfid, "x".repeat(21));
    expect(await twice(100)).toEqual(nothing);
  });

  it("is what was written by those who were running when the lease was asked for", async () => {
    const { paused, runner, client, gfid } = await setUp();
    await writeFile(client, gfid, "old");
    paused.hold();
    const running = client.call("truncate", { gfid, offset: 1, xdata: null });
    await settle();
    const granted = ask(runner, gfid, wanted(10));
    await settle();
    paused.letGo();
    expect((await running).opRet).toBe(0);
    expect(await granted).toEqual([bytesOf("o"), 1]);
  });

  it("is not told beside a shared lease", async () => {
    const { runner, client, gfid } = await setUp();
    await writeFile(client, gfid, "x");
    const { reply } = await setLease(runner, gfid, LeaseType.read, { more: wanted(10) });
    expect(contentBy(reply)).toEqual([undefined, undefined]);
  });
});

describe("nothing is told with", () => {
  it("a shared lease, beside which its other holders may change names", async () => {
    const { runner, gfid } = await setUp();
    const { reply } = await setLease(runner, gfid, LeaseType.read, { more: BOTH });
    expect(getXdata(reply.xdata, "leaseEpoch")).toBeDefined();
    expect(toldBy(reply.xdata)).toEqual(NOTHING);
  });

  it("a lease of scope open, beside which anybody may", async () => {
    const { client, runner, gfid, fd } = await setUp();
    await client.call("release", { gfid, fd, xdata: null });
    const options = { scope: "open", more: BOTH, leaseId: newLeaseId() } as const;
    const { reply } = await setLease(runner, gfid, LeaseType.readWrite, options);
    expect(reply.opRet).toBe(0);
    expect(toldBy(reply.xdata)).toEqual(NOTHING);
  });

  it("a lease of a brick that imitates a stock one", async () => {
    const { client, runner, gfid, fd } = await setUp({ compat: "gluster-10.3" });
    await client.call("release", { gfid, fd, xdata: null });
    const { reply } = await setLease(runner, gfid, LeaseType.readWrite, { more: BOTH });
    expect([reply.opRet, reply.xdata]).toEqual([0, null]);
  });
});
