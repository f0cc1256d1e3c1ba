import { createRpcPeer, nodeScheduler, type RpcPeer } from "@brickshift/rpc";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  type Auth,
  decodeBody,
  decodeFopReply,
  encodeBody,
  encodeFopRequest,
  type FopName,
  type FopReply,
  type FopRequest,
  fops,
  type Gfid,
  gfidValue,
  handshake,
  oldDictOf,
  programs,
  ROOT_GFID,
} from "@brickshift/wire";
import { createBrickServer } from "../src/server/brick-server.js";
import { createMemoryStore } from "../src/store/memory-store.js";

const auth: Auth = {
  flavor: "glusterV3",
  pid: 1,
  uid: 0,
  gid: 0,
  flags: 0,
  ctimeNsec: 0,
  ctimeSec: 0n,
  groups: [],
  lkOwner: new Uint8Array(8),
};
const FILE_BYTES = 1024 * 1024;

/** A brick in memory and one client of it, both in this thread, over the memory transport. */
export async function startServerLoad() {
  const transport = createMemoryTransport();
  const options = { rpc: { outstandingCallsMax: 256, pingTimeoutMs: 0 } };
  const bricks = [{ name: "b0", store: createMemoryStore() }];
  const server = await createBrickServer({ bricks, scheduler: nodeScheduler, options });
  await transport.listen("memory://bench", (connection) => server.accept(connection));
  const connection = await transport.connect("memory://bench");
  const peer = createRpcPeer({ connection, scheduler: nodeScheduler, options: { pingTimeoutMs: 0 } });
  const dict = oldDictOf({ "fops-version": "1298437", "process-uuid": "bench", "remote-subvolume": "b0" });
  const { body } = await peer.call({
    program: programs.handshake.number,
    version: programs.handshake.version,
    procedure: handshake.setvolume.number,
    body: encodeBody(handshake.setvolume.request, { dict }),
  });
  if (decodeBody(handshake.setvolume.reply, body).opRet !== 0) throw new Error("SETVOLUME failed");
  const gfid = gfidOf(1);
  const { fd } = await call(peer, "create", creation(gfid, "file"));
  const payload = new Uint8Array(FILE_BYTES);
  await call(peer, "write", { gfid, fd, offset: 0, size: FILE_BYTES, flag: 0, xdata: null, payload });
  return { peer, server, gfid, fd };
}

type Started = Awaited<ReturnType<typeof startServerLoad>>;

/** Loads by name; each does `count` calls, `callers` at a time. */
export const serverLoads: Readonly<Record<string, (started: Started, turn: number) => Promise<unknown>>> = {
  "READ of 4 KiB by fd": ({ peer, gfid, fd }, turn) => read(peer, gfid, fd, turn, 4_096),
  "READ of 128 KiB by fd": ({ peer, gfid, fd }, turn) => read(peer, gfid, fd, turn, 131_072),
  "WRITE of 4 KiB by fd": ({ peer, gfid, fd }, turn) => write(peer, gfid, fd, turn, 4_096),
  "WRITE of 128 KiB by fd": ({ peer, gfid, fd }, turn) => write(peer, gfid, fd, turn, 131_072),
  "LOOKUP by name": ({ peer }) =>
    call(peer, "lookup", { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname: "file", xdata: null }),
  "CREATE and RELEASE": async ({ peer }, turn) => {
    const gfid = gfidOf(turn + 2);
    const { fd } = await call(peer, "create", creation(gfid, `file-${turn}`));
    await call(peer, "release", { gfid, fd, xdata: null });
  },
};

/** Runs a load and gives what it did in a second. */
export async function perSecond(
  started: Started,
  load: (started: Started, turn: number) => Promise<unknown>,
  {
    count,
    callers,
    first = 0,
  }: { readonly count: number; readonly callers: number; readonly first?: number },
): Promise<number> {
  let next = first;
  const startMs = performance.now();
  const caller = async () => {
    while (next < first + count) await load(started, next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (count / (performance.now() - startMs)) * 1_000;
}

async function call<N extends FopName>(peer: RpcPeer, name: N, request: FopRequest<N>): Promise<FopReply<N>> {
  const { number: program, version } = programs.fop;
  const procedure = fops[name].number;
  const answer = await peer.call({
    program,
    version,
    procedure,
    auth,
    body: encodeFopRequest(name, request),
  });
  const reply = decodeFopReply(name, answer.body);
  if (reply.opRet < 0) throw new Error(`${name} failed with ${reply.opErrno}`);
  return reply;
}

function read(peer: RpcPeer, gfid: Gfid, fd: bigint, turn: number, size: number) {
  return call(peer, "read", { gfid, fd, offset: (turn * size) % FILE_BYTES, size, flag: 0, xdata: null });
}

const zeros = new Uint8Array(131_072);

function write(peer: RpcPeer, gfid: Gfid, fd: bigint, turn: number, size: number) {
  const payload = zeros.subarray(0, size);
  const offset = (turn * size) % FILE_BYTES;
  return call(peer, "write", { gfid, fd, offset, size, flag: 0, xdata: null, payload });
}

function creation(gfid: Gfid, bname: string): FopRequest<"create"> {
  const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
  return { pargfid: ROOT_GFID, flags: 2, mode: 0o644, umask: 0, bname, xdata };
}

function gfidOf(number: number): Gfid {
  return `bbbbbbbb-0000-4000-8000-${number.toString(16).padStart(12, "0")}` as Gfid;
}
