import { seededRandom, type SeededRandom } from "@brickshift/testkit";
import {
  encodeBody,
  encodeCall,
  encodeFopRequest,
  type FopName,
  type FopRequest,
  fops,
  gfidValue,
  type Gfid,
  handshake,
  NO_IATT,
  NULL_AUTH,
  oldDictOf,
  programs,
  ROOT_GFID,
  uintValue,
  xdataOf,
  type Epoch,
} from "@brickshift/wire";
import { expect, it } from "vitest";
import { newLeaseId } from "./lease-client.js";
import { ADDRESS, createFile, newGfid, settle, startBrick } from "./test-brick.js";

/** Requests of all fops on objects that exist, for damage to start from. */
function requests(file: Gfid, random: SeededRandom): { [N in FopName]?: FopRequest<N> } {
  const gfid = random.pick([file, ROOT_GFID, newGfid()]);
  const fd = random.pick([-2n, -1n, 0n, 1n, 2n ** 40n]);
  const leaseId = newLeaseId();
  const xdata = random.pick([
    null,
    new Map([["gfid-req", gfidValue(newGfid())]]),
    xdataOf({ leaseId }),
    xdataOf({ leaseScope: "data", links: [], xattrs: new Map() }),
    xdataOf({ fence: 3n as Epoch, source: file }),
    new Map([["glusterfs.content", uintValue(99)]]),
  ]);
  const offset = random.pick([0, 5, 2 ** 40, Number.MAX_SAFE_INTEGER]);
  const size = random.pick([0, 1, 4_096, 0xffff_ffff]);
  const bname = random.pick(["f", "g", "", ".", "..", "a/b", "n".repeat(300)]);
  const payload = random.bytes(random.below(64));
  const flock = {
    type: random.below(4),
    whence: random.below(4),
    start: 0n,
    len: BigInt(random.below(9)),
    pid: 1,
    lkOwner: payload,
  };
  const make = { pargfid: gfid, mode: random.below(0o200000), umask: 0, bname, xdata };
  const onFd = { gfid, fd, xdata };
  const cmd = random.below(4);
  const lock = { cmd, type: cmd, flock, volume: "d", xdata };
  const entry = { cmd, type: 0, namelen: random.below(2), name: bname, volume: "d", xdata };
  const dict = random.pick([
    null,
    xdataOf({ migration: "commit", linkto: "x" }),
    new Map([["user.a", uintValue(1)]]),
  ]);
  return {
    lookup: { gfid, pargfid: ROOT_GFID, flags: 0, bname, xdata },
    stat: { gfid, xdata },
    create: { ...make, flags: random.below(0o10000) },
    mkdir: make,
    mknod: { ...make, dev: 0n },
    symlink: { pargfid: gfid, umask: 0, bname, linkname: "x", xdata },
    unlink: { pargfid: gfid, bname, xflags: 0, xdata },
    rmdir: { pargfid: gfid, bname, xflags: random.below(2), xdata },
    rename: { oldgfid: gfid, newgfid: ROOT_GFID, oldbname: bname, newbname: "g", xdata },
    link: { oldgfid: gfid, newgfid: ROOT_GFID, newbname: bname, xdata },
    read: { ...onFd, offset, size, flag: 0 },
    write: { ...onFd, offset, size: payload.length, flag: 0, payload },
    truncate: { gfid, offset, xdata },
    ftruncate: { ...onFd, offset },
    open: { gfid, flags: random.below(0o10000), xdata },
    opendir: { gfid, xdata },
    readdirp: { ...onFd, offset: BigInt(offset), size },
    readdir: { ...onFd, offset: 2n ** 64n - 1n, size },
    fsync: { ...onFd, data: 0 },
    flush: onFd,
    release: onFd,
    fallocate: { ...onFd, flags: 0, offset, size: 10 },
    discard: { ...onFd, offset, size: Number.MAX_SAFE_INTEGER },
    zerofill: { ...onFd, offset, size: 10 },
    seek: { ...onFd, offset, what: random.below(3) },
    setattr: { gfid, stbuf: { ...NO_IATT, size: offset }, valid: random.below(512) - 1, xdata },
    setxattr: { gfid, flags: random.below(4), dict, xdata },
    getxattr: { gfid, namelen: 0, name: bname, xdata },
    xattrop: { gfid, flags: random.below(8), dict, xdata },
    lk: { ...onFd, cmd, type: cmd, flock },
    inodelk: { gfid, ...lock },
    finodelk: { ...onFd, ...lock },
    entrylk: { gfid, ...entry },
    lease: { gfid, lease: { cmd, leaseType: random.below(4), leaseId, leaseFlags: 0 }, xdata },
    rchecksum: { ...onFd, offset, len: size, flags: 0 },
    copyFileRange: {
      gfid1: gfid,
      gfid2: file,
      fdIn: fd,
      fdOut: -2n,
      offIn: offset,
      offOut: offset,
      size,
      flag: 0,
      xdata,
    },
    getactivelk: { gfid, xdata },
    access: { gfid, mask: random.below(16), xdata },
    statfs: { gfid, xdata },
  };
}

function record<N extends FopName>(name: N, request: FopRequest<N>, xid: number): Uint8Array {
  const auth = {
    flavor: "glusterV3",
    pid: 1,
    uid: 0,
    gid: 0,
    flags: 0,
    ctimeNsec: 0,
    ctimeSec: 0n,
    groups: [],
    lkOwner: Uint8Array.of(xid),
  } as const;
  const { number: program, version } = programs.fop;
  const header = { xid, program, version, procedure: fops[name].number, auth };
  return new Uint8Array(Buffer.concat(encodeCall(header, encodeFopRequest(name, request))));
}

function setvolumeRecord(uuid: string): Uint8Array {
  const dict = oldDictOf({ "fops-version": "1298437", "process-uuid": uuid, "remote-subvolume": "b0" });
  const { number: program, version } = programs.handshake;
  const header = { xid: 0, program, version, procedure: handshake.setvolume.number, auth: NULL_AUTH };
  const body = encodeBody(handshake.setvolume.request, { dict });
  return new Uint8Array(Buffer.concat(encodeCall(header, body)));
}

function damage(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  // The first 40 bytes stay, so that it is still a call of a fop.
  const length = random.chance(0.2) ? 40 + random.below(bytes.length - 40) : bytes.length;
  const damaged = bytes.slice(0, length);
  for (let count = random.below(4); count > 0 && damaged.length > 44; count -= 1) {
    damaged[40 + random.below(damaged.length - 40)] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
  }
  return damaged;
}

it.each([1, 2, 3])(
  "a live brick answers or blocks every damaged call and lives on, seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const { client, transport, brick, events, scheduler } = await startBrick({
      leases: { recallTimeoutMs: 10, recallCapMs: 10 },
    });
    const sane = await client();
    const { gfid } = await createFile(sane, "f", { content: "content" });
    let answers = 0;
    let sent = 0;
    for (let round = 0; round < 12; round += 1) {
      const uuid = `CTX_ID:fuzz-${round}`;
      const connection = await transport.connect(ADDRESS);
      connection.receive(() => {
        answers += 1;
      });
      // A session of its own: the handshake goes by hand.
      await connection.send([setvolumeRecord(uuid)]);
      for (let count = 0; count < 120; count += 1) {
        const all = requests(gfid, random);
        const name = random.pick(Object.keys(all) as FopName[]);
        const bytes = record(name, all[name] as never, count + 1);
        sent += 1;
        await connection.send([random.chance(0.3) ? bytes : damage(bytes, random)]);
        if (count % 20 === 0) {
          await settle(2);
          scheduler.advance(20);
        }
      }
      await settle(5);
      scheduler.advance(20);
      await settle(5);
      connection.abort();
      await settle(5);
    }
    expect(brick.running).toBe(0);
    expect(brick.lockWaiters.size).toBe(0);
    expect(brick.turns.size).toBe(0);
    expect(brick.gate.usage).toMatchObject({ leases: 0, blockedFops: 0, queuedRequests: 0 });
    expect(brick.gate.inodes.size).toBeLessThan(3);
    expect(events.filter(({ type }) => type === "fault")).toEqual([]);
    const found = await sane.call("lookup", {
      gfid: ROOT_GFID,
      pargfid: ROOT_GFID,
      flags: 0,
      bname: "",
      xdata: null,
    });
    expect(found.opRet).toBe(0);
    // The walk is worth nothing if most of it was refused at the door.
    expect(answers).toBeGreaterThan(sent * 0.5);
    expect(events.filter(({ type }) => type === "garbage").length).toBeGreaterThan(20);
  },
);
