import type { ClientUid, Gfid } from "@brickshift/wire";

/** A client that accessed an inode, and when it did last. */
interface Access {
  readonly gfid: Gfid;
  readonly client: ClientUid;
  atMs: number;
  /** Neighbours in the order of their instants. */
  before: Access | undefined;
  after: Access | undefined;
}

/** Bounds of {@link RecentClients}. */
export interface RecentClientsLimits {
  /** Time that an access counts, in ms. */
  readonly timeoutMs: number;
  /** Most pairs of a client and an inode. */
  readonly accessesMax: number;
}

/**
 * Which clients accessed which inode lately, and so may hold attributes of it. An access counts for `timeoutMs`; past
 * `accessesMax` the oldest pair is given up before its time, and its client has to be told, as it goes on caching.
 */
export class RecentClients {
  #limits: RecentClientsLimits;
  readonly #inodes = new Map<Gfid, Map<ClientUid, Access>>();
  #oldest: Access | undefined;
  #newest: Access | undefined;
  #size = 0;

  constructor(limits: RecentClientsLimits) {
    this.#limits = limits;
  }

  /** Pairs of a client and an inode, those whose time is over included until the next access. */
  get size(): number {
    return this.#size;
  }

  /** Accesses count for this long from now on, in ms, those that there were as well. */
  expireAfter(timeoutMs: number): void {
    this.#limits = { ...this.#limits, timeoutMs };
  }

  /**
   * The client has accessed the inode at `nowMs`, monotonic.
   * @returns the pair that had to be given up before its time for it.
   */
  accessed(
    gfid: Gfid,
    client: ClientUid,
    nowMs: number,
  ): { readonly gfid: Gfid; readonly client: ClientUid } | undefined {
    const known = this.#inodes.get(gfid)?.get(client);
    if (known !== undefined) {
      known.atMs = nowMs;
      if (known === this.#newest) return undefined;
      this.#unlink(known);
      this.#append(known);
      return undefined;
    }
    this.#expire(nowMs);
    const givenUp = this.#size >= this.#limits.accessesMax ? this.#oldest : undefined;
    if (givenUp !== undefined) this.#remove(givenUp);
    this.#add({ gfid, client, atMs: nowMs, before: undefined, after: undefined });
    return givenUp;
  }

  /** The clients whose access to the inode still counts at `nowMs`. */
  of(gfid: Gfid, nowMs: number): ClientUid[] {
    const clients: ClientUid[] = [];
    for (const access of this.#inodes.get(gfid)?.values() ?? []) {
      if (this.#counts(access, nowMs)) clients.push(access.client);
    }
    return clients;
  }

  /** The inode is gone: nobody accessed it. */
  forgetInode(gfid: Gfid): void {
    for (const access of this.#inodes.get(gfid)?.values() ?? []) this.#unlink(access);
    this.#inodes.delete(gfid);
  }

  /** The client is gone: it accessed nothing. Looks at every pair. */
  forgetClient(client: ClientUid): void {
    for (const clients of this.#inodes.values()) {
      const access = clients.get(client);
      if (access !== undefined) this.#remove(access);
    }
  }

  #counts({ atMs }: Access, nowMs: number): boolean {
    return nowMs - atMs < this.#limits.timeoutMs;
  }

  #expire(nowMs: number): void {
    while (this.#oldest !== undefined && !this.#counts(this.#oldest, nowMs)) this.#remove(this.#oldest);
  }

  #add(access: Access): void {
    const clients = this.#inodes.get(access.gfid);
    if (clients === undefined) this.#inodes.set(access.gfid, new Map([[access.client, access]]));
    else clients.set(access.client, access);
    this.#append(access);
  }

  #remove(access: Access): void {
    const clients = this.#inodes.get(access.gfid);
    clients?.delete(access.client);
    if (clients?.size === 0) this.#inodes.delete(access.gfid);
    this.#unlink(access);
  }

  #append(access: Access): void {
    access.before = this.#newest;
    access.after = undefined;
    if (this.#newest === undefined) this.#oldest = access;
    else this.#newest.after = access;
    this.#newest = access;
    this.#size += 1;
  }

  #unlink(access: Access): void {
    const { before, after } = access;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    this.#size -= 1;
  }
}
