import { createRpcPeer, type RpcPeer } from "@brickshift/rpc";
import { ManualScheduler } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  type Auth,
  type CallbackName,
  callbackByNumber,
  callbacks,
  type CallbackRequest,
  decodeBody,
  decodeFopReply,
  type Dict,
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
  oldDictText,
  programs,
  ROOT_GFID,
} from "@brickshift/wire";
import { createMemoryStore } from "../src/store/memory-store.js";
import type { BrickServerOptionsInput } from "../src/options.js";
import type { BrickEvent, BrickLog } from "../src/server/brick-event.js";
import { type BrickConfig, createBrickServer } from "../src/server/brick-server.js";

export const ADDRESS = "memory://brick";
const FLAG_REGULAR = 0o100000;

/** A client that sends fops as they are and hears callbacks. */
export interface TestClient {
  readonly peer: RpcPeer;
  readonly callbacks: { readonly name: CallbackName; readonly request: unknown }[];
  /** Called with each callback as it comes. */
  onCallback: () => void;
  call<N extends FopName>(name: N, request: FopRequest<N>, auth?: Partial<TestAuth>): Promise<FopReply<N>>;
  setvolume(
    texts?: Readonly<Record<string, string>>,
  ): Promise<{ opRet: number; opErrno: number; text: (key: string) => string | undefined }>;
  recalls(): CallbackRequest<"recallLease">[];
}

export interface TestAuth {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly lkOwner: Uint8Array;
}

/** One brick server on a memory transport, and clients of it. `log` hears each event after it is noted. */
export async function startBrick(
  options: BrickServerOptionsInput = {},
  configs: readonly BrickConfig[] = [{ name: "b0", store: createMemoryStore() }],
  log: BrickLog = () => {},
) {
  const scheduler = new ManualScheduler();
  const transport = createMemoryTransport();
  const events: BrickEvent[] = [];
  const server = await createBrickServer({
    bricks: configs,
    scheduler,
    options,
    log(event) {
      events.push(event);
      log(event);
    },
  });
  const listener = await transport.listen(ADDRESS, (connection) => server.accept(connection));
  let clients = 0;

  async function connect(): Promise<TestClient> {
    const heard: TestClient["callbacks"] = [];
    const connection = await transport.connect(ADDRESS);
    const procedures = new Set(Object.values(callbacks).map(({ number }) => number));
    const peer = createRpcPeer({
      connection,
      scheduler,
      options: { pingTimeoutMs: 0 },
      programs: [
        {
          ...programs.callback,
          procedures,
          isOneWay: true,
          handle(call) {
            const name = callbackByNumber(call.procedure);
            if (name === undefined) return;
            heard.push({ name, request: decodeBody(callbacks[name].request as never, call.body) });
            made.onCallback();
          },
        },
      ],
    });
    clients += 1;
    const uuid = `CTX_ID:test-${clients}`;
    const made: TestClient = {
      peer,
      callbacks: heard,
      onCallback: () => {},
      call: (name, request, auth) => callFop(peer, name, request, auth),
      async setvolume(texts = {}) {
        const dict = oldDictOf({
          "fops-version": "1298437",
          "process-uuid": uuid,
          "remote-subvolume": "b0",
          ...texts,
        });
        const reply = await peer.call({
          program: programs.handshake.number,
          version: programs.handshake.version,
          procedure: handshake.setvolume.number,
          body: encodeBody(handshake.setvolume.request, { dict }),
        });
        const { opRet, opErrno, dict: answer } = decodeBody(handshake.setvolume.reply, reply.body);
        return { opRet, opErrno, text: (key) => oldDictText(answer, key) };
      },
      recalls: () =>
        heard.flatMap(({ name, request }) =>
          name === "recallLease" ? [request as CallbackRequest<"recallLease">] : [],
        ),
    };
    return made;
  }

  /** A client that has done its SETVOLUME. */
  async function client(texts?: Readonly<Record<string, string>>): Promise<TestClient> {
    const made = await connect();
    const { opRet, opErrno } = await made.setvolume(texts);
    if (opRet !== 0) throw new Error(`SETVOLUME failed with ${opErrno}`);
    return made;
  }

  const brick = server.bricks.get(configs[0]?.name ?? "b0");
  if (brick === undefined) throw new Error("there is no brick");
  return { scheduler, transport, listener, server, brick, events, connect, client };
}

export const noAuth: TestAuth = { pid: 1, uid: 0, gid: 0, groups: [], lkOwner: new Uint8Array([1]) };

export async function callFop<N extends FopName>(
  peer: RpcPeer,
  name: N,
  request: FopRequest<N>,
  auth: Partial<TestAuth> = {},
): Promise<FopReply<N>> {
  const full: Auth = { flavor: "glusterV3", flags: 0, ctimeNsec: 0, ctimeSec: 0n, ...noAuth, ...auth };
  const reply = await peer.call(
    {
      program: programs.fop.number,
      version: programs.fop.version,
      procedure: fops[name].number,
      auth: full,
      body: encodeFopRequest(name, request),
    },
    { timeoutMs: Infinity, isExempt: true },
  );
  return decodeFopReply(name, reply.body);
}

let gfids = 0;
/** A gfid that no other call gave. */
export function newGfid(): Gfid {
  gfids += 1;
  return `aaaaaaaa-0000-4000-8000-${gfids.toString(16).padStart(12, "0")}` as Gfid;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Dictionary of a creating fop. */
export function creation(gfid: Gfid, more: Dict = new Map()): Dict {
  return new Map([["gfid-req", gfidValue(gfid)], ...more]);
}

/** Creates a file and gives its gfid and fd. */
export async function createFile(
  client: TestClient,
  bname: string,
  { flags = 2, mode = 0o644, pargfid = ROOT_GFID, content = "" } = {},
) {
  const gfid = newGfid();
  const reply = await client.call("create", {
    pargfid,
    flags,
    mode: FLAG_REGULAR | mode,
    umask: 0,
    bname,
    xdata: creation(gfid),
  });
  if (reply.opRet !== 0) throw new Error(`CREATE failed with ${reply.opErrno}`);
  if (content !== "") await writeFile(client, gfid, content);
  return { gfid, fd: reply.fd, reply };
}

/** Writes through the anonymous fd. */
export function writeFile(
  client: TestClient,
  gfid: Gfid,
  content: string | Uint8Array,
  offset = 0,
  xdata: Dict | null = null,
) {
  const payload = typeof content === "string" ? bytesOf(content) : content;
  return client.call("write", { gfid, fd: -2n, offset, size: payload.length, flag: 0, xdata, payload });
}

/** Reads through the anonymous fd. */
export function readFile(
  client: TestClient,
  gfid: Gfid,
  offset = 0,
  size = 65_536,
  xdata: Dict | null = null,
) {
  return client.call("read", { gfid, fd: -2n, offset, size, flag: 0, xdata });
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
