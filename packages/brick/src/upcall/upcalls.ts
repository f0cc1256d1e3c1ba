import {
  type CallbackRequest,
  type ClientUid,
  type FopName,
  type FopReply,
  type Gfid,
  InvalidationFlags,
  nameByteLength,
} from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import type { CacheInvalidationOptions } from "../options.js";
import { type AttributeChange, changeRules, type FinishedFop } from "./attribute-change.js";
import { oldIattOf } from "./old-iatt.js";
import { RecentClients } from "./recent-clients.js";

/** What the upcalls need of the brick. */
export interface UpcallPort {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls the client back, if it is still there. */
  invalidate(client: ClientUid, request: CallbackRequest<"cacheInvalidation">): void;
}

const EVENT_TYPE = 1;
const XATTR_NAME_BYTES_MAX = 255;

/**
 * Fops by which a client learns nothing that it would cache, so that they do not count as an access.
 * Source: measured, 10.3.
 */
const unseeing: ReadonlySet<FopName> = new Set([
  "entrylk",
  "fentrylk",
  "finodelk",
  "flush",
  "fsync",
  "fsyncdir",
  "inodelk",
  "lease",
  "opendir",
  "readdir",
  "release",
  "releasedir",
]);

/**
 * Cache invalidation: tells each client that accessed an inode lately when another one changes it. Clients that registered
 * xattrs hear of those as well.
 */
export class Upcalls {
  #options: CacheInvalidationOptions;
  readonly #port: UpcallPort;
  readonly #recent: RecentClients;
  readonly #xattrs = new Set<string>();

  constructor(options: CacheInvalidationOptions, port: UpcallPort) {
    this.#options = options;
    this.#port = port;
    this.#recent = new RecentClients(options);
  }

  /** Clients are told of changes for this long after an access from now on, in ms. */
  expireAfter(timeoutMs: number): void {
    this.#options = { ...this.#options, timeoutMs };
    this.#recent.expireAfter(timeoutMs);
  }

  /** Pairs of a client and an inode that are remembered. */
  get accesses(): number {
    return this.#recent.size;
  }

  /**
   * Changes of these xattrs are told from now on, whoever registered them and to all.
   * @throws {@link BrickError} `BRICK_ARGUMENT` past `xattrNamesMax`, or for a name too long; none is registered then.
   */
  watchXattrs(names: readonly string[]): void {
    const all = new Set([...this.#xattrs, ...names]);
    if (all.size > this.#options.xattrNamesMax) {
      throw new BrickError("BRICK_ARGUMENT", `${all.size} xattrs would be registered`);
    }
    for (const name of names) {
      if (nameByteLength(name) > XATTR_NAME_BYTES_MAX)
        throw new BrickError("BRICK_ARGUMENT", "no xattr has such a name");
    }
    for (const name of all) this.#xattrs.add(name);
  }

  /**
   * A fop is about to look at an inode, before it does: what another fop changes from then on its client is told, even
   * when that comes before the answer.
   */
  starting(name: FopName, gfid: Gfid, client: ClientUid): void {
    if (!unseeing.has(name)) this.accessed(gfid, client);
  }

  /** The client is shown the attributes of an inode. */
  accessed(gfid: Gfid, client: ClientUid): void {
    const givenUp = this.#recent.accessed(gfid, client, this.#port.nowMs());
    if (givenUp === undefined) return;
    this.#send(givenUp.client, { gfid: givenUp.gfid, flags: InvalidationFlags.forget });
  }

  /** A fop of the client succeeded: others hear of it, before the client does. */
  finished<N extends FopName>(
    name: N,
    client: ClientUid,
    { request, reply, gfid, stat }: Omit<FinishedFop<N>, "isWatched">,
  ): void {
    const rule = changeRules[name];
    const isWatched = (xattr: string) => this.#xattrs.has(xattr);
    const change = rule?.({ request, reply, gfid, stat, isWatched });
    if (change !== undefined) {
      for (const other of this.#recent.of(change.gfid, this.#port.nowMs())) {
        if (other !== client) this.#send(other, change);
      }
    }
    const made = madeBy(name, reply);
    if (made !== undefined) this.accessed(made, client);
  }

  /** The inode is gone for good: every client that accessed it is told. */
  forget(gfid: Gfid): void {
    const clients = this.#recent.of(gfid, this.#port.nowMs());
    this.#recent.forgetInode(gfid);
    for (const client of clients) this.#send(client, { gfid, flags: InvalidationFlags.forget });
  }

  /** The client is gone. */
  disconnect(client: ClientUid): void {
    this.#recent.forgetClient(client);
  }

  #send(client: ClientUid, change: AttributeChange): void {
    this.#port.invalidate(client, {
      gfid: change.gfid,
      eventType: EVENT_TYPE,
      flags: change.flags,
      expireTimeAttr: Math.floor(this.#options.timeoutMs / 1_000),
      stat: oldIattOf(change.stat),
      parentStat: oldIattOf(change.parentStat),
      oldparentStat: oldIattOf(change.oldparentStat),
      xdata: change.xattrs ?? null,
    });
  }
}

/** Fops that make an inode and show it to their client. */
const makers: ReadonlySet<FopName> = new Set(["create", "mkdir", "mknod", "put", "symlink"]);

/** The inode that a fop made: its client has its attributes from the answer. */
function madeBy(name: FopName, reply: FopReply<FopName>): Gfid | undefined {
  const isMaker = makers.has(name);
  return isMaker && "stat" in reply ? reply.stat.gfid : undefined;
}
