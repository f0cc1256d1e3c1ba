import type { LeaseName, RevokeReason, Scheduler } from "@brickshift/lease-manager";
import {
  type CallbackName,
  type CallbackRequest,
  type ClientUid,
  type Epoch,
  Errno,
  type FopName,
  type Gfid,
  type LeaseId,
  NULL_GFID,
  recallXdata,
} from "@brickshift/wire";
import { BrickError } from "./brick-error.js";
import { BufferPool } from "./fops/buffer-pool.js";
import { LeaseGate } from "./gate/lease-gate.js";
import { NameTurns } from "./gate/name-turns.js";
import { ContentionNotices } from "./locks/contention-notices.js";
import type { InodeLock } from "./locks/inode-lock.js";
import { LockTable } from "./locks/lock-table.js";
import { LockWaiters } from "./locks/lock-waiters.js";
import type { BrickServerOptions } from "./options.js";
import { BrickClient, type ClientConnection } from "./server/brick-client.js";
import type { BrickLog } from "./server/brick-event.js";
import type { OpenFd } from "./server/fd-table.js";
import type { Tree } from "./tree/tree.js";
import { Upcalls } from "./upcall/upcalls.js";

/** What a brick is made of. */
export interface BrickInit {
  /** Name that clients ask for as `remote-subvolume`. */
  readonly name: string;
  /** Identity of the store, which the brick takes for its own. */
  readonly id: Gfid;
  readonly bootCount: number;
  readonly volumeId: string | undefined;
  readonly subvolume?: string | undefined;
  readonly tree: Tree;
  readonly options: BrickServerOptions;
  readonly scheduler: Scheduler;
  /** Must not throw: see `safeLog`. */
  readonly log: BrickLog;
}

/** Why a brick is down for its clients: its store fails, or an operator wants it so. */
export type DownReason = "store" | "stopped";

/** Epochs of one boot: a brick that boots anew starts above every epoch it granted before. */
const EPOCHS_PER_BOOT_BITS = 32n;

/** One brick: its namespace, its leases and locks, its clients and what they have open. */
export class Brick {
  readonly name: string;
  readonly id: Gfid;
  readonly volumeId: string | undefined;
  /** Name of its subvolume in the graph of its clients, if it is part of a volume. */
  readonly subvolume: string | undefined;
  readonly tree: Tree;
  /** Tells the application; never throws. */
  readonly log: BrickLog;
  readonly gate: LeaseGate;
  readonly turns = new NameTurns();
  readonly locks: LockTable;
  readonly lockWaiters = new LockWaiters();
  readonly pool: BufferPool;
  readonly #contention: ContentionNotices;
  readonly #nowMs: () => number;
  #options: BrickServerOptions;
  #upcalls: Upcalls | undefined;
  readonly #clients = new Map<ClientUid, BrickClient>();
  readonly #downReasons = new Set<DownReason>();
  #running = 0;
  #isClosed = false;
  #whenIdle: () => void = () => {};

  constructor(init: BrickInit) {
    const { options, scheduler } = init;
    this.name = init.name;
    this.id = init.id;
    this.volumeId = init.volumeId;
    this.subvolume = init.subvolume;
    this.tree = init.tree;
    this.#options = options;
    this.log = init.log;
    this.locks = new LockTable(options);
    this.#contention = new ContentionNotices(options.contentionDelayMs);
    this.#nowMs = () => scheduler.nowMs();
    this.pool = new BufferPool(options.poolBytesMax);
    this.#upcalls = this.#upcallsOf(options);
    const firstEpoch = (BigInt(init.bootCount) << EPOCHS_PER_BOOT_BITS) as Epoch;
    this.gate = new LeaseGate(leasesOf(options), firstEpoch, scheduler, {
      recall: (lease, recallMs) => this.#recall(lease, recallMs),
      revoked: (lease, reason) => this.#revoked(lease, reason),
    });
  }

  get options(): BrickServerOptions {
    return this.#options;
  }

  /** Cache invalidation, when it is on. */
  get upcalls(): Upcalls | undefined {
    return this.#upcalls;
  }

  /** Takes over those of `options` that `BrickServer.reconfigure` names. */
  reconfigure({ login, openLeases, leases, cacheInvalidation, healthCheck }: BrickServerOptions): void {
    const { recallTimeoutMs } = leases;
    const { cacheInvalidation: _before, ...kept } = this.#options;
    this.#options = {
      ...kept,
      login,
      openLeases,
      leases: { ...kept.leases, recallTimeoutMs },
      healthCheck,
      ...(cacheInvalidation !== undefined && { cacheInvalidation }),
    };
    this.gate.setRecallTimeout(recallTimeoutMs);
    if (cacheInvalidation === undefined || this.#upcalls === undefined) {
      this.#upcalls = this.#upcallsOf(this.#options);
    } else this.#upcalls.expireAfter(cacheInvalidation.timeoutMs);
  }

  /** Fops that are running or waiting. */
  get running(): number {
    return this.#running;
  }

  /** Clients that are connected. */
  get clients(): ReadonlyMap<ClientUid, BrickClient> {
    return this.#clients;
  }

  /** Whether clients are served: nothing keeps the brick down. */
  get isUp(): boolean {
    return this.#downReasons.size === 0;
  }

  /**
   * Keeps the brick down for `reason` from now on; its clients are told when it was up. They stay connected and keep what they
   * hold, but what needs the store is refused with ENOTCONN, and new clients with EAGAIN. Harmless when repeated.
   * @param error what is wrong, for the log
   */
  takeDown(reason: DownReason, error?: unknown): void {
    const wasUp = this.isUp;
    if (this.#downReasons.has(reason)) return;
    this.#downReasons.add(reason);
    this.log({ type: "child-down", brick: this.name, reason, ...(error !== undefined && { error }) });
    if (wasUp) this.#callAllBack("childDown");
  }

  /** Takes `reason` back; when it was the last one clients are told, and served. Harmless when repeated. */
  bringUp(reason: DownReason): void {
    if (!this.#downReasons.delete(reason)) return;
    this.log({ type: "child-up", brick: this.name, reason });
    if (this.isUp) this.#callAllBack("childUp");
  }

  /** A connection has named its client. @throws {@link BrickError} `BRICK_SESSION_LIMIT`. */
  join(uid: ClientUid, connection: ClientConnection): BrickClient {
    const known = this.#clients.get(uid);
    const client = known ?? new BrickClient(uid, this.options.fdsPerClientMax);
    const count = client.connections.size;
    if (this.#isClosed || count >= this.options.connectionsPerClientMax) {
      throw new BrickError("BRICK_SESSION_LIMIT", `${count} connections of this client are open`);
    }
    client.connections.add(connection);
    if (known === undefined) this.#clients.set(uid, client);
    return client;
  }

  /** A connection of a client is gone; with the last one goes all that the client held. */
  leave(client: BrickClient, connection: ClientConnection): void {
    client.connections.delete(connection);
    if (client.connections.size > 0) return;
    this.#clients.delete(client.uid);
    const locks = this.locks.countOf(client.uid);
    this.lockWaiters.apply(this.locks.dropClient(client.uid));
    const fds = client.fds.releaseAll();
    for (const fd of fds) this.#close(fd);
    this.gate.disconnect(client.uid);
    this.upcalls?.disconnect(client.uid);
    this.log({ type: "session-closed", brick: this.name, client: client.uid, fds: fds.length, locks });
  }

  /**
   * Opens an fd on an object, which stays usable after its last name is gone until {@link closeFd}.
   * @throws {@link BrickError} `BRICK_FD_LIMIT`; `TreeError` `TREE_STALE`, `TREE_HOLDS_MAX`.
   */
  openFd(
    client: BrickClient,
    fd: Pick<OpenFd, "gfid" | "kind" | "flags"> & { readonly leaseId: LeaseId | undefined },
    writes: boolean,
  ): OpenFd {
    if (client.isGone) throw new BrickError("BRICK_FD_LIMIT", "the client is gone");
    client.fds.checkRoom();
    this.tree.hold(fd.gfid);
    const inode = this.gate.inodes.use(fd.gfid);
    const opened = client.fds.open({ ...fd, client: client.uid, writes, inode });
    inode.fds ??= new Set();
    inode.fds.add(opened);
    return opened;
  }

  /** Closes an fd. @throws {@link BrickError} `BRICK_FD_UNKNOWN`. */
  closeFd(client: BrickClient, number: bigint): void {
    const fd = client.fds.release(number);
    this.lockWaiters.apply(this.locks.dropPosixFd(fd.gfid, client.uid, fd.number));
    this.#close(fd);
  }

  /**
   * The last name of an object is gone. When nobody has it open, its leases go as well.
   * @returns whether the object is gone with it.
   */
  unlinked(gfid: Gfid): boolean {
    if (this.gate.inodes.openCount(gfid) > 0) return false;
    this.gate.removeInode(gfid);
    return true;
  }

  /** Ends all leases on an object, on the operator's account: their holders find the state `admin`. */
  revokeLeases(gfid: Gfid): void {
    const inode = this.gate.inodes.use(gfid);
    this.gate.revokeInode(inode);
    this.gate.inodes.unuse(inode);
  }

  /** Tells the holders of inode locks that others want them, each not too often. */
  tellContention(gfid: Gfid, domain: string, locks: readonly InodeLock[]): void {
    if (locks.length === 0) return;
    for (const { client, asked } of this.#contention.due(locks, this.#nowMs())) {
      if (asked === undefined) continue;
      const { flock, pid } = asked;
      // The pid of an internal client is below 0; it travels as 32 bits.
      this.#callBack(client, "inodelkContention", { gfid, flock, pid: pid >>> 0, domain, xdata: null });
    }
  }

  /** Counts a fop that begins. */
  fopStarted(): void {
    this.#running += 1;
  }

  /** Counts a fop that is answered. */
  fopEnded(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#whenIdle();
  }

  /** Takes no new client; resolves when no fop runs and every change is kept. The store stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    this.gate.close();
    await this.tree.close();
  }

  #close(fd: OpenFd): void {
    const { inode, gfid } = fd;
    inode.fds?.delete(fd);
    const isLast = inode.fds?.size === 0;
    const isUnlinked = isLast && !this.tree.isLinked(gfid);
    if (isLast && !isUnlinked && fd.kind === "file") {
      this.tree.persistTimes(gfid).catch((error: unknown) => this.#fault("release", error));
    }
    this.tree.release(gfid);
    this.gate.inodes.unuse(inode);
    if (!isUnlinked) return;
    this.gate.removeInode(gfid);
    this.upcalls?.forget(gfid);
  }

  #upcallsOf({ cacheInvalidation }: BrickServerOptions): Upcalls | undefined {
    return (
      cacheInvalidation &&
      new Upcalls(cacheInvalidation, {
        nowMs: this.#nowMs,
        invalidate: (client, request) => this.#callBack(client, "cacheInvalidation", request),
      })
    );
  }

  #fault(fop: FopName, error: unknown): void {
    this.log({ type: "fault", brick: this.name, fop, errno: Errno.EIO, error });
  }

  #recall(lease: LeaseName, recallMs: number | undefined): void {
    const { client, gfid } = lease;
    this.log({ type: "recall", brick: this.name, client, gfid });
    const xdata = recallMs === undefined ? null : recallXdata(recallMs);
    this.#callBack(client, "recallLease", { gfid, leaseType: 0, tid: NULL_GFID, xdata });
  }

  #callBack<N extends CallbackName>(client: ClientUid, name: N, request: CallbackRequest<N>): void {
    for (const connection of this.#clients.get(client)?.connections ?? []) connection.callback(name, request);
  }

  #callAllBack(name: "childUp" | "childDown"): void {
    for (const client of this.#clients.keys()) this.#callBack(client, name, {});
  }

  #revoked(lease: LeaseName, reason: RevokeReason): void {
    const { client, gfid } = lease;
    this.log({ type: "revoke", brick: this.name, client, gfid, reason });
  }
}

function leasesOf({ leases, compat }: BrickServerOptions): BrickServerOptions["leases"] {
  return compat === undefined ? leases : { ...leases, deadLeases: "forgotten" };
}
