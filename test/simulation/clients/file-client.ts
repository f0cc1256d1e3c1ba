import { type BrickClient, isFopError } from "@brickshift/brick-client";
import { isRpcError } from "@brickshift/rpc";
import type { SeededRandom } from "@brickshift/testkit";
import { ANONYMOUS_FD, bytesValue, Errno, OpenFlags, type Gfid } from "@brickshift/wire";
import type { FileOperation, History } from "../check/history.js";
import type { Marks } from "../marks.js";
import type { BrickNumber, ClientPlan, FilePlan } from "../scenario.js";
import type { Thefts } from "../thefts.js";
import { blocksOf, bytesOf } from "./block.js";

/** A file as clients know it. */
export interface SharedFile extends FilePlan {
  readonly gfid: Gfid;
}

/** The clock of the process that a client runs in. */
export interface ClientClock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

/** What a client of any kind lives in. */
export interface ClientWorld {
  readonly plan: ClientPlan;
  readonly process: ClientClock;
  readonly random: SeededRandom;
  readonly history: History;
  readonly marks: Marks;
  readonly thefts: Thefts | undefined;
  readonly files: readonly SharedFile[];
  /** Clients of the bricks, in the order in which files move. */
  readonly bricks: readonly [BrickClient, BrickClient, BrickClient?];
  /** Whether it is to end. */
  readonly isEnding: () => boolean;
  /** A number that nobody else writes. */
  readonly newValue: () => number;
  /** Hears how long a fop on data took, in ms. */
  readonly onAnswered: (ms: number) => void;
  /** Hears of what must never be seen. */
  readonly onViolation: (text: string) => void;
}

/** What an annotator writes. */
export const NOTE_XATTR = "user.note";
/** Longest file that a client makes, in blocks. */
export const BLOCKS_MAX = 160;
/** How often an operation goes from brick to brick before it fails. */
const HOPS_MAX = 14;

/** What one try of a fop came to. */
type Tried = "done" | "elsewhere" | "later" | "refused" | "unknown";

/**
 * A client that knows of the bricks, and finds a file wherever it is, as a distribute client does: it stays with the brick
 * that had the file last, until that one says that it has it no more.
 */
export class FileClient {
  readonly world: ClientWorld;
  readonly #where = new Map<Gfid, BrickNumber>();
  readonly #fds = new Map<string, { readonly fd: bigint; readonly session: number }>();
  readonly #usesFds: boolean;

  constructor(world: ClientWorld) {
    this.world = world;
    this.#usesFds = world.random.chance(0.4);
  }

  async write(
    file: SharedFile,
    from: number,
    to: number,
    value = this.world.newValue(),
  ): Promise<FileOperation> {
    const { blockBytes } = this.world.history;
    const payload = bytesOf(value, to - from, blockBytes);
    const offset = from * blockBytes;
    const operation = this.#begin("write", file, from, to, value);
    return this.#anywhere(file, operation, async (brick) => {
      const fd = await this.#fdOf(brick, file);
      await brick.fops.write({ gfid: file.gfid, fd, offset, payload });
    });
  }

  /** Writes to one brick only, wherever the file is. */
  async writeTo(
    brick: 0 | 1,
    file: SharedFile,
    from: number,
    to: number,
    value: number,
  ): Promise<FileOperation> {
    const { blockBytes } = this.world.history;
    const operation = this.#begin("write", file, from, to, value);
    const request = {
      gfid: file.gfid,
      fd: ANONYMOUS_FD,
      offset: from * blockBytes,
      payload: bytesOf(value, to - from, blockBytes),
    };
    const client = this.world.bricks[brick];
    const tried = await this.#try(client, () => client.fops.write(request));
    const outcome = tried === "done" || tried === "unknown" ? tried : "refused";
    this.world.history.end(operation, outcome, client.brick);
    return operation;
  }

  async read(file: SharedFile, from: number, to: number): Promise<FileOperation> {
    const { blockBytes } = this.world.history;
    const operation = this.#begin("read", file, from, to, 0);
    const request = { gfid: file.gfid, offset: from * blockBytes, size: (to - from) * blockBytes };
    return this.#anywhere(file, operation, async (brick) => {
      const { payload, stat, release } = await brick.fops.read({
        ...request,
        fd: await this.#fdOf(brick, file),
      });
      const values = blocksOf(payload, to - from, blockBytes);
      release();
      if (values === undefined)
        this.world.onViolation(`${file.name}: a block that was read is of two writes`);
      operation.values = values ?? new Uint32Array(to - from);
      operation.sizeBytes = stat.size;
    });
  }

  async truncate(file: SharedFile, blocks: number): Promise<FileOperation> {
    const { blockBytes } = this.world.history;
    const operation = this.#begin("truncate", file, blocks, BLOCKS_MAX, 0);
    return this.#anywhere(file, operation, async (brick) => {
      await brick.fops.truncate({ gfid: file.gfid, offset: blocks * blockBytes });
    });
  }

  async sync(file: SharedFile): Promise<FileOperation> {
    const operation = this.#begin("sync", file, 0, 0, 0);
    return this.#anywhere(file, operation, async (brick) => {
      await brick.fops.fsync({ gfid: file.gfid, fd: await this.#fdOf(brick, file), data: 0 });
    });
  }

  /** Sets the file's {@link NOTE_XATTR} to a number that is higher than all before. */
  async note(file: SharedFile): Promise<FileOperation> {
    const value = this.world.newValue();
    const operation = this.#begin("note", file, 0, 0, value);
    const dict = new Map([[NOTE_XATTR, bytesValue(Buffer.from(String(value)))]]);
    return this.#anywhere(file, operation, async (brick) => {
      await brick.fops.setxattr({ gfid: file.gfid, flags: 0, dict });
    });
  }

  async pause(): Promise<void> {
    const { process, random, plan } = this.world;
    await process.pause(random.next() ** 2 * plan.pauseMsMax);
  }

  /** Gives every fd back. */
  async close(): Promise<void> {
    const { bricks } = this.world;
    for (const [key, { fd, session }] of this.#fds) {
      const [name, gfid] = key.split(" ") as [string, Gfid];
      const brick = bricks.find((other) => other?.brick === name);
      if (brick?.session === session) await brick.fops.release({ gfid, fd }).catch(() => {});
    }
    this.#fds.clear();
  }

  #begin(
    type: FileOperation["type"],
    file: SharedFile,
    from: number,
    to: number,
    value: number,
  ): FileOperation {
    const { history, plan } = this.world;
    return history.begin({ client: plan.name, file: file.name, type, from, to, value });
  }

  async #fdOf(brick: BrickClient, { gfid }: SharedFile): Promise<bigint> {
    if (!this.#usesFds) return ANONYMOUS_FD;
    const key = `${brick.brick} ${gfid}`;
    const known = this.#fds.get(key);
    if (known?.session === brick.session) return known.fd;
    const { fd } = await brick.fops.open({ gfid, flags: OpenFlags.rdwr });
    this.#fds.set(key, { fd, session: brick.session });
    return fd;
  }

  async #anywhere(
    file: SharedFile,
    operation: FileOperation,
    send: (brick: BrickClient) => Promise<void>,
  ): Promise<FileOperation> {
    const { bricks, process, history, marks } = this.world;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const where = this.#where.get(file.gfid) ?? 0;
      const brick = bricks[where] ?? bricks[0];
      const tried = await this.#try(brick, () => send(brick));
      if (tried === "done" && hop > 0) marks.reach("client-followed");
      if (tried === "done" || tried === "unknown" || tried === "refused") {
        history.end(operation, tried, brick.brick);
        return operation;
      }
      if (tried === "elsewhere") this.#where.set(file.gfid, ((where + 1) % bricks.length) as BrickNumber);
      await process.pause(hop < 2 ? 0 : Math.min(400, 2 ** hop));
    }
    history.end(operation, "refused");
    return operation;
  }

  async #try(brick: BrickClient, send: () => Promise<unknown>): Promise<Tried> {
    const { process, onAnswered, marks } = this.world;
    const startedAtMs = process.nowMs();
    try {
      await send();
      onAnswered(process.nowMs() - startedAtMs);
      return "done";
    } catch (error) {
      const tried = verdictOn(error);
      const ms = process.nowMs() - startedAtMs;
      if (tried === "elsewhere") {
        this.#forgetFds(brick);
        onAnswered(ms);
        if (ms > 60) marks.reach("client-waited");
      }
      return tried;
    }
  }

  /** An fd of a file that has moved is good for nothing; it ends with the client's other fds. */
  #forgetFds(brick: BrickClient): void {
    for (const [key, { fd, session }] of this.#fds) {
      if (!key.startsWith(`${brick.brick} `)) continue;
      this.#fds.delete(key);
      const gfid = key.slice(brick.brick.length + 1) as Gfid;
      if (brick.session === session) brick.fops.release({ gfid, fd }).catch(() => {});
    }
  }
}

function verdictOn(error: unknown): Tried {
  if (isRpcError(error)) return error.executed === "no" ? "later" : "unknown";
  if (!isFopError(error)) return "later";
  if (error.code === "FOP_MOVED" || error.errno === Errno.ENOENT || error.errno === Errno.ESTALE)
    return "elsewhere";
  if (error.errno === Errno.EAGAIN || error.errno === Errno.EBUSY) return "later";
  // A disk that says no may have done a part.
  return "unknown";
}
