import type { BrickClient } from "@brickshift/brick-client";
import {
  EntrylkCmd,
  gfidValue,
  intValue,
  LeaseCmd,
  LeaseType,
  leaseIdFromRandom,
  LkCmd,
  LockType,
  bytesValue,
  OpenFlags,
  parseGfid,
  ROOT_GFID,
  SeekWhat,
  textValue,
} from "@brickshift/wire";

const gfid = parseGfid("12345678-1234-4234-8234-123456789abc");
const directory = parseGfid("22345678-1234-4234-8234-123456789abc");
const range = { whence: 0, start: 3n, len: 5n, pid: 7, lkOwner: new Uint8Array(0) };

/** One fop of nearly every kind on a brick, by our client, in payloads of all lengths modulo four. */
export async function useEveryFop(client: BrickClient): Promise<void> {
  const { fops } = client;
  const made = (id: typeof gfid) => new Map([["gfid-req", gfidValue(id)]]);
  await fops.lookup({ gfid: ROOT_GFID, pargfid: ROOT_GFID, bname: "" });
  await fops.mkdir({ pargfid: ROOT_GFID, mode: 0o40755, bname: "d", xdata: made(directory) });
  const flags = OpenFlags.rdwr;
  const { fd } = await fops.create({
    pargfid: directory,
    flags,
    mode: 0o100644,
    bname: "f\udcff",
    xdata: made(gfid),
  });
  for (const length of [0, 1, 2, 3, 4, 70_001]) {
    await fops.write({ gfid, fd, offset: 10, payload: new Uint8Array(length).fill(length) });
    (await fops.read({ gfid, fd, offset: 5, size: length + 3 })).release();
  }
  const asked = new Map([["glusterfs.content", intValue(4_096)]]);
  await fops.lookup({ gfid, pargfid: directory, bname: "f\udcff", xdata: asked });
  await fops.fsync({ gfid, fd, data: 0 });
  await fops.fstat({ gfid, fd });
  await fops.seek({ gfid, fd, offset: 0, what: SeekWhat.data });
  await fops.ftruncate({ gfid, fd, offset: 4_097 });
  const dict = new Map([
    ["user.text", textValue("text")],
    ["user.bytes", bytesValue(Uint8Array.of(0, 255, 1))],
  ]);
  await fops.fsetxattr({ gfid, fd, flags: 0, dict });
  await fops.getxattr({ gfid, name: "" });
  await fops.removexattr({ gfid, name: "user.text" });
  await fops.statfs({ gfid });
  await fops.access({ gfid, mask: 4 });
  const lock = { type: LockType.write, flock: { type: LockType.write, ...range } };
  const unlock = { type: LockType.unlock, flock: { type: LockType.unlock, ...range } };
  await fops.lk({ gfid, fd, cmd: LkCmd.setlk, ...lock });
  await fops.lk({ gfid, fd, cmd: LkCmd.setlk, ...unlock });
  await fops.inodelk({ gfid, cmd: LkCmd.setlk, ...lock, volume: "domain" });
  await fops.inodelk({ gfid, cmd: LkCmd.setlk, ...unlock, volume: "domain" });
  const entry = { gfid: directory, type: 1, namelen: 1, name: "g", volume: "domain" };
  await fops.entrylk({ ...entry, cmd: EntrylkCmd.lock });
  await fops.entrylk({ ...entry, cmd: EntrylkCmd.unlock });
  await fops.flush({ gfid, fd });
  await fops.release({ gfid, fd });
  const leaseId = leaseIdFromRandom(new Uint8Array(15).fill(7));
  const lease = { leaseType: LeaseType.read, leaseId, leaseFlags: 0 };
  const opened = await fops.open({ gfid, flags: OpenFlags.rdonly });
  await fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.set } });
  await fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.unlock } });
  await fops.release({ gfid, fd: opened.fd });
  const list = await fops.opendir({ gfid: directory });
  await fops.readdirp({ gfid: directory, fd: list.fd, offset: 0n, size: 4_096 });
  await fops.readdir({ gfid: directory, fd: list.fd, offset: 0n, size: 4_096 });
  await fops.releasedir({ gfid: directory, fd: list.fd });
  const [oldgfid, newgfid] = [directory, ROOT_GFID];
  await fops.rename({ oldgfid, newgfid, oldbname: "f\udcff", newbname: "g" });
  await fops.unlink({ pargfid: ROOT_GFID, bname: "g" });
  await fops.rmdir({ pargfid: ROOT_GFID, bname: "d", xflags: 0 });
}
