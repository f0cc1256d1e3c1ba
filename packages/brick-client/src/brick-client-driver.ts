import {
  createRpcClient,
  type Elsewhere,
  isRpcError,
  type CallRequest,
  type RpcClient,
  type RpcError,
  type RpcPeer,
  type RpcReply,
  type RpcStats,
} from "@brickshift/rpc";
import {
  type Auth,
  decodeFopReply,
  encodeFopRequest,
  type FopName,
  type FopReply,
  type FopRequest,
  fops,
  getRecallDeadlineMs,
  type Gfid,
  type GlusterV3Auth,
  invariant,
  lkOwnerOfPid,
  NULL_GFID,
  programs,
} from "@brickshift/wire";
import type { BrickClient, BrickClientInit } from "./brick-client.js";
import { callbackProgram, type DecodedCallback } from "./callback-program.js";
import type { Capabilities } from "./capabilities.js";
import { ClientError, isClientError } from "./client-error.js";
import type { ClientEvent, RecallEvent } from "./client-event.js";
import { ClientEvents } from "./client-events.js";
import { FdTable } from "./fd-table.js";
import {
  completeRequest,
  exemptFops,
  type FopInput,
  fopMethods,
  type FopOptions,
  type FopResult,
  gfidOf,
} from "./fop-call.js";
import { FopError } from "./fop-error.js";
import {
  asksForLease,
  endedBy,
  grantedBy,
  leaseIdOf,
  openingFops,
  releasedFd,
  toRemoteFds,
} from "./fop-request.js";
import { type Handshake, shakeHands } from "./handshake-driver.js";
import { type HeldLease, LeaseTable } from "./lease-table.js";
import { mappedAddress } from "./mapped-address.js";
import { brickClientOptions, type BrickClientOptions } from "./options.js";
import { isFinalRefusal } from "./setvolume.js";
import { uuidFromRandom } from "./uuid.js";

/**
 * Makes a client; nothing happens before `connect`.
 * @throws ZodError when `options` do not fit `brickClientOptions`.
 */
export function createBrickClient(init: BrickClientInit): BrickClient {
  return new DrivenBrickClient(init, brickClientOptions.parse(init.options ?? {}));
}

/** So many microtasks a recall is held back: the answer of a LEASE that came just before reaches its caller first. */
const RECALL_HOPS = 8;

class DrivenBrickClient implements BrickClient {
  readonly brick: string;
  readonly address: string;
  readonly fops = fopMethods((name, input, options) => this.call(name, input, options));
  readonly #init: BrickClientInit;
  readonly #options: BrickClientOptions;
  readonly #rpc: RpcClient;
  readonly #auth: GlusterV3Auth;
  readonly #fds: FdTable;
  readonly #leases: LeaseTable;
  readonly #events: ClientEvents;
  readonly #contextId: string;
  #connections = 0;
  #capabilities: Capabilities | undefined;

  constructor(init: BrickClientInit, options: BrickClientOptions) {
    const { brick, address, scheduler, random, transport, onRpcEvent } = init;
    this.brick = brick;
    this.address = address;
    this.#init = init;
    this.#options = options;
    this.#auth = authOf(options);
    this.#fds = new FdTable(options.fdsMax);
    this.#leases = new LeaseTable(options.leasesMax);
    this.#events = new ClientEvents(options.eventsMax);
    this.#contextId = uuidFromRandom(random);
    const { callTimeoutMs, pingTimeoutMs, closeTimeoutMs, calls, reconnect, whileDown } = options;
    this.#rpc = createRpcClient({
      connect: (signal) => transport.connect(address, { signal }),
      scheduler,
      random,
      options: { peer: { ...calls, callTimeoutMs, pingTimeoutMs, closeTimeoutMs }, reconnect, whileDown },
      programs: [callbackProgram((callback) => this.#hear(callback))],
      handshake: (peer, signal) => this.#shakeHands(peer, signal),
      isFatal: (error) => isClientError(error) && isFinalRefusal(error.code),
      onUp: (session) => this.#up(session),
      onDown: (session, error) => this.#down(session, error),
      onGiveUp: (error) => this.#events.publish({ type: "give-up", error }),
      ...(onRpcEvent === undefined ? {} : { onEvent: onRpcEvent }),
    });
  }

  get session(): number {
    return this.#rpc.session;
  }

  get isUp(): boolean {
    return this.#rpc.peer !== undefined;
  }

  get capabilities(): Capabilities | undefined {
    return this.#capabilities;
  }

  connect(signal?: AbortSignal): Promise<void> {
    return this.#rpc.start(signal);
  }

  async call<N extends FopName>(
    name: N,
    input: FopInput<N>,
    options: FopOptions = {},
  ): Promise<FopResult<N>> {
    const request = completeRequest(name, input);
    // A fop with an fd never waits for a connection: while there is none, no fd is open and this refuses it.
    const body = encodeFopRequest(name, toRemoteFds(request, this.#fds));
    const unreserve = this.#reserve(name, request);
    const fd = releasedFd(name, request);
    if (fd !== undefined) this.#fds.beginRelease(fd);
    try {
      const isExempt = exemptFops.has(name);
      const answer = await this.#rpc.call(this.#callOf(name, body, options), { isExempt, ...options });
      if (fd !== undefined) this.#fds.endRelease(fd, "answered");
      return this.#finish(name, request, answer);
    } catch (error) {
      if (fd !== undefined && isRpcError(error) && error.executed === "no")
        this.#fds.endRelease(fd, "unsent");
      throw error;
    } finally {
      unreserve();
    }
  }

  recalls(): AsyncIterableIterator<RecallEvent, undefined> {
    return this.#events.recalls();
  }

  events(): AsyncIterableIterator<ClientEvent, undefined> {
    return this.#events.events();
  }

  onRecall(listener: (recall: RecallEvent) => void): () => void {
    return this.#events.onRecall(listener);
  }

  openFds(): number {
    return this.#fds.count;
  }

  leases(): readonly HeldLease[] {
    return this.#leases.all();
  }

  stats(): RpcStats | undefined {
    return this.#rpc.peer?.stats();
  }

  drop(): void {
    this.#rpc.peer?.abort();
  }

  async close(): Promise<void> {
    await this.#rpc.close();
    this.#events.end();
  }

  /** Takes the places that the fop may need; gives the way to give them back. */
  #reserve(name: FopName, request: object): () => void {
    const table = openingFops.has(name) ? this.#fds : asksForLease(name, request) ? this.#leases : undefined;
    table?.reserve();
    return () => table?.unreserve();
  }

  #callOf(name: FopName, body: readonly Uint8Array[], options: FopOptions): CallRequest {
    const { number: program, version } = programs.fop;
    const auth = options.auth === undefined ? this.#auth : { ...this.#auth, ...options.auth };
    return { program, version, procedure: fops[name].number, auth, body };
  }

  #finish<N extends FopName>(name: N, request: FopRequest<N>, answer: RpcReply): FopResult<N> {
    const reply = decodeReply(name, answer);
    const { opRet, opErrno, xdata } = reply as unknown as FopReply<"flush">;
    if (opRet < 0) {
      answer.recycle();
      const error = new FopError(name, opErrno, gfidOf(request), xdata);
      this.#noteRevoked(name, request, error);
      throw error;
    }
    if (name === "read") return { ...reply, release: () => answer.recycle() } as unknown as FopResult<N>;
    // Only a payload is a view of the record; all else was copied out of it.
    answer.recycle();
    const granted = grantedBy(name, request, reply);
    if (granted !== undefined) this.#leases.add(granted);
    const ended = endedBy(name, request);
    if (ended !== undefined) this.#leases.remove(ended.gfid, ended.leaseId);
    if (openingFops.has(name)) return this.#opened(name, request, reply) as FopResult<N>;
    return reply as FopResult<N>;
  }

  #opened(name: FopName, request: object, reply: object): object {
    const { fd, stat } = reply as { fd: bigint; stat?: { gfid: Gfid } };
    const gfid = stat?.gfid ?? gfidOf(request) ?? NULL_GFID;
    return { ...reply, fd: this.#fds.add(fd, gfid, name === "opendir", !this.isUp) };
  }

  #noteRevoked(name: FopName, request: object, error: FopError): void {
    if (error.code !== "FOP_LEASE_REVOKED" || error.gfid === undefined) return;
    const leaseId = leaseIdOf(name, request);
    if (leaseId !== undefined) this.#leases.remove(error.gfid, leaseId);
  }

  /** Shakes hands at the address; a port mapper there sends on to the brick's own. */
  async #shakeHands(peer: RpcPeer, signal: AbortSignal): Promise<Elsewhere | undefined> {
    const outcome = await this.#handshake(peer, signal);
    if (!("port" in outcome)) return undefined;
    const address = mappedAddress(this.address, outcome.port);
    if (address === undefined) {
      throw new ClientError("CLIENT_NOT_A_BRICK", `${this.address} has no port ${outcome.port}`);
    }
    return {
      connect: (signal) => this.#init.transport.connect(address, { signal }),
      handshake: async (peer, signal) => {
        if (!("port" in (await this.#handshake(peer, signal)))) return;
        throw new ClientError("CLIENT_NOT_A_BRICK", `${address} is a port mapper too`);
      },
    };
  }

  async #handshake(peer: RpcPeer, signal: AbortSignal): Promise<Handshake> {
    const { processName, processId, hostName, username, password } = this.#options;
    const { brick } = this;
    const contextId = this.#contextId;
    const connection = this.#connections;
    this.#connections += 1;
    const volumeId = this.#options.volumeId ?? this.#capabilities?.volumeId;
    const identity = { brick, contextId, connection, processName, processId, hostName };
    const { flags: _flags, ctimeNsec: _nsec, ctimeSec: _sec, ...caller } = this.#auth;
    const before: Auth = { ...caller, flavor: "glusterV2" };
    const request = { ...identity, username, password, volumeId };
    const outcome = await shakeHands(peer, request, { before, after: this.#auth }, signal);
    if ("capabilities" in outcome) this.#capabilities = outcome.capabilities;
    return outcome;
  }

  #up(session: number): void {
    invariant(this.#capabilities !== undefined, "whoever is up shook hands");
    this.#events.publish({ type: "up", session, capabilities: this.#capabilities });
  }

  #down(session: number, error: RpcError | undefined): void {
    const fds = this.#fds.takeAll();
    const leases = this.#leases.takeAll();
    this.#events.publish({ type: "lost", session, fds, leases, error });
  }

  #hear(callback: DecodedCallback): void {
    const { session } = this;
    if (callback.name !== "recallLease") {
      this.#events.publish({ type: "callback", session, ...callback });
      // The brick takes nobody in before its store is back: the attempts to connect again wait for just that.
      if (callback.name === "childDown") this.drop();
      return;
    }
    const { gfid, leaseType, xdata } = callback.request;
    const leftMs = recallLeftMs(xdata);
    const deadlineMs = leftMs === undefined ? undefined : this.#init.scheduler.nowMs() + leftMs;
    void afterHops(RECALL_HOPS).then(() => {
      // With the connection the lease is gone, and that has been told.
      if (!this.isUp || this.session !== session) return;
      this.#events.publish({
        type: "recall",
        session,
        gfid,
        leaseType,
        deadlineMs,
        leases: this.#leases.of(gfid),
      });
    });
  }
}

function authOf(options: BrickClientOptions): GlusterV3Auth {
  const { pid, uid, gid, groups, lkOwner = lkOwnerOfPid(pid) } = options.auth;
  return { flavor: "glusterV3", pid, uid, gid, flags: 0, ctimeNsec: 0, ctimeSec: 0n, groups, lkOwner };
}

function decodeReply<N extends FopName>(name: N, answer: RpcReply): FopReply<N> {
  try {
    return decodeFopReply(name, answer.body);
  } catch (cause) {
    throw new ClientError("CLIENT_REPLY_INVALID", `the reply to ${fops[name].name} does not decode`, {
      cause,
    });
  }
}

/** A recall whose deadline cannot be read is a recall all the same. */
function recallLeftMs(xdata: Parameters<typeof getRecallDeadlineMs>[0]): number | undefined {
  try {
    return getRecallDeadlineMs(xdata);
  } catch {
    return undefined;
  }
}

async function afterHops(hops: number): Promise<void> {
  for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
}
