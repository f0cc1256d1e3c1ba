import {
  bytesValue,
  type Dict,
  Errno,
  type FopName,
  type FopRequest,
  getXdata,
  type Gfid,
  intValue,
  NO_IATT,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { leased, unlock } from "../lease-client.js";
import { createFile, creation, newGfid, settle, startBrick } from "../test-brick.js";

type Request = { [N in FopName]: readonly [N, (gfid: Gfid, fd: bigint) => FopRequest<N>] }[FopName];
const fop = <N extends FopName>(name: N, request: (gfid: Gfid, fd: bigint) => FopRequest<N>): Request =>
  [name, request] as unknown as Request;

const xdata = null;
const dict = new Map([["user.a", bytesValue(new Uint8Array(4))]]);
const onRoot = { oldgfid: ROOT_GFID, newgfid: ROOT_GFID, xdata };

/** Every fop that changes a file's data, attributes or names. */
const modifying = [
  fop("write", (gfid, fd) => ({ gfid, fd, offset: 0, size: 1, flag: 0, xdata, payload: new Uint8Array(1) })),
  fop("truncate", (gfid) => ({ gfid, offset: 1, xdata })),
  fop("ftruncate", (gfid, fd) => ({ gfid, fd, offset: 1, xdata })),
  fop("fallocate", (gfid, fd) => ({ gfid, fd, flags: 0, offset: 0, size: 99, xdata })),
  fop("discard", (gfid, fd) => ({ gfid, fd, offset: 0, size: 1, xdata })),
  fop("zerofill", (gfid, fd) => ({ gfid, fd, offset: 0, size: 1, xdata })),
  fop("copyFileRange", (gfid, fd) => ({
    gfid1: gfid,
    gfid2: gfid,
    fdIn: fd,
    fdOut: fd,
    offIn: 0,
    offOut: 5,
    size: 2,
    flag: 0,
    xdata,
  })),
  fop("setattr", (gfid) => ({ gfid, stbuf: NO_IATT, valid: 1, xdata })),
  fop("fsetattr", (gfid, fd) => ({ gfid, fd, stbuf: NO_IATT, valid: 1, xdata })),
  fop("setxattr", (gfid) => ({ gfid, flags: 0, dict, xdata })),
  fop("fsetxattr", (gfid, fd) => ({ gfid, fd, flags: 0, dict, xdata })),
  fop("removexattr", (gfid) => ({ gfid, name: "user.b", xdata })),
  fop("fremovexattr", (gfid, fd) => ({ gfid, fd, name: "user.b", xdata })),
  fop("xattrop", (gfid) => ({ gfid, flags: 0, dict, xdata })),
  fop("fxattrop", (gfid, fd) => ({ gfid, fd, flags: 0, dict, xdata })),
  fop("open", (gfid) => ({ gfid, flags: 0o1002, xdata })),
  fop("create", () => ({
    pargfid: ROOT_GFID,
    flags: 0o1102,
    mode: 0o644,
    umask: 0,
    bname: "f",
    xdata: creation(newGfid()),
  })),
  fop("link", (gfid) => ({ oldgfid: gfid, newgfid: ROOT_GFID, newbname: "h", xdata })),
  fop("unlink", () => ({ pargfid: ROOT_GFID, bname: "f", xflags: 0, xdata })),
  fop("rename", () => ({ ...onRoot, oldbname: "f", newbname: "h" })),
  fop("rename", () => ({ ...onRoot, oldbname: "g", newbname: "f" })),
];

/** What only looks, and so waits for an exclusive lease alone. */
const observing = [
  fop("stat", (gfid) => ({ gfid, xdata })),
  fop("fstat", (gfid, fd) => ({ gfid, fd, xdata })),
  fop("lookup", (gfid) => ({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "f", xdata })),
  fop("access", (gfid) => ({ gfid, mask: 4, xdata })),
  fop("open", (gfid) => ({ gfid, flags: 0, xdata })),
  fop("read", (gfid, fd) => ({ gfid, fd, offset: 0, size: 1, flag: 0, xdata })),
  fop("seek", (gfid, fd) => ({ gfid, fd, offset: 0, what: 0, xdata })),
  fop("fsync", (gfid, fd) => ({ gfid, fd, data: 0, xdata })),
  fop("getxattr", (gfid) => ({ gfid, namelen: 0, name: "", xdata })),
  fop("fgetxattr", (gfid, fd) => ({ gfid, fd, namelen: 0, name: "", xdata })),
  fop("rchecksum", (gfid, fd) => ({ gfid, fd, offset: 0, len: 1, flags: 0, xdata })),
  fop("getactivelk", (gfid) => ({ gfid, xdata })),
];

/** What gives back or concerns no data, and never waits. */
const housekeeping = [
  fop("flush", (gfid, fd) => ({ gfid, fd, xdata })),
  fop("release", (gfid, fd) => ({ gfid, fd, xdata })),
  fop("statfs", (gfid) => ({ gfid, xdata })),
  fop("entrylk", (gfid) => ({ gfid, cmd: 0, type: 0, namelen: 1, name: "x", volume: "d", xdata })),
  fop("lookup", () => ({ gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname: "", xdata })),
];

async function waitsUnder(type: "read" | "read-write", [name, request]: Request): Promise<boolean> {
  const { client } = await startBrick();
  const [runner, other] = [await client(), await client()];
  const { gfid, fd } = await createFile(other, "f", { content: "0123456789" });
  await createFile(other, "g");
  const b = new Map([["user.b", intValue(1)]]);
  await other.call("setxattr", { gfid, flags: 0, dict: b, xdata });
  const { leaseId } = await leased(runner, gfid, type);
  let reply: { readonly opRet: number } | undefined;
  const answered = other.call(name, request(gfid, fd) as never).then((value) => (reply = value));
  await settle(10);
  const waits = reply === undefined;
  await unlock(runner, gfid, leaseId);
  await answered;
  // Once it may run it succeeds: what was waited for was the lease and nothing else.
  expect((reply as unknown as { opRet: number }).opRet).toBeGreaterThanOrEqual(0);
  return waits;
}

describe("under a data lease for reading", () => {
  it.each(modifying)("%s waits", async (...request) => {
    expect(await waitsUnder("read", request as Request)).toBe(true);
  });

  it.each([...observing, ...housekeeping])("%s passes", async (...request) => {
    expect(await waitsUnder("read", request as Request)).toBe(false);
  });
});

describe("under an exclusive data lease", () => {
  it.each([...modifying, ...observing])("%s waits", async (...request) => {
    expect(await waitsUnder("read-write", request as Request)).toBe(true);
  });

  it.each(housekeeping)("%s passes", async (...request) => {
    expect(await waitsUnder("read-write", request as Request)).toBe(false);
  });
});

describe("naming a lease that was revoked, without an epoch", () => {
  async function answerTo([name, request]: Request) {
    const { client, brick } = await startBrick();
    const runner = await client();
    const { gfid, fd } = await createFile(runner, "f", { content: "0123456789" });
    await createFile(runner, "g");
    const { leaseId } = await leased(runner, gfid);
    brick.revokeLeases(gfid);
    const plain = request(gfid, fd) as { readonly xdata: Dict | null };
    const named = { ...plain, xdata: new Map([...(plain.xdata ?? []), ...(xdataOf({ leaseId }) ?? [])]) };
    const { opRet, opErrno, xdata: said } = await runner.call(name, named as never);
    return { opRet, opErrno, state: getXdata(said, "leaseState") };
  }

  // A lookup elsewhere is no housekeeping: it looks at another inode, in the name of the lease that is over.
  const elsewhere = housekeeping.filter(([name]) => name === "lookup");
  const givesBack = housekeeping.filter(([name]) => name !== "lookup");

  it.each([...modifying, ...observing, ...elsewhere])(
    "%s is refused, with the reason",
    async (...request) => {
      const refusal = { opRet: -1, opErrno: Errno.EKEYREVOKED, state: "admin" };
      expect(await answerTo(request as Request)).toEqual(refusal);
    },
  );

  it.each(givesBack)("%s is carried out", async (...request) => {
    expect((await answerTo(request as Request)).opErrno).toBe(0);
  });
});
