import { ANONYMOUS_FD, Errno, FileType, type Gfid, xdataOf } from "@brickshift/wire";
import { crawl, type CrawledEntry, type CrawlStart, type CrawlWorld, findStart } from "./crawl.js";
import { isErrno, isGone } from "./fop-failure.js";
import { targetOf } from "./held-targets.js";
import { type InodeState, lookUp } from "./inode-state.js";
import type { RebalanceOptions } from "./options.js";
import type { BrickPort, World } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { patienceOf } from "./run-context.js";
import { Slots } from "./slots.js";
import { subvolumeOf } from "./subvolume-of.js";

/** What is looked at. */
export interface VerifyRequest {
  readonly source: BrickPort;
  readonly destination: BrickPort;
  /** Everything by default. */
  readonly paths?: readonly string[];
  /** Read every byte, so that what cannot be read is found; `true` by default. */
  readonly readsData?: boolean;
  readonly signal?: AbortSignal;
  /** Hears of each finding. Must not throw. */
  readonly onFinding?: (finding: VerifyFinding) => void;
}

/**
 * What is wrong with a file. `two-data-files`: both bricks have its data. `no-data-file`: both only point to the
 * other; a migration that was not ended, or a lost file. `target-left`: the destination holds what was copied of a file that the
 * source has no more; a run ends it. `dangling`: one points to the other, which has nothing. `unreadable`: its data cannot be read, or is shorter than its size.
 */
export interface VerifyFinding {
  readonly type: "two-data-files" | "no-data-file" | "target-left" | "dangling" | "unreadable";
  readonly path: string;
  readonly gfid: Gfid;
  readonly message: string;
}

/** What {@link verify} came to. */
export interface VerifyReport {
  readonly ok: boolean;
  /** Files that have their data on the source, and on the destination. */
  readonly onSource: number;
  readonly onDestination: number;
  readonly readBytes: number;
  readonly findings: number;
  /** The first `failuresMax` of them. */
  readonly firstFindings: readonly VerifyFinding[];
}

/** Walks both bricks and reads every file where its data is. See `Rebalance.verify`. */
export async function verify(
  options: RebalanceOptions,
  world: World,
  request: VerifyRequest,
): Promise<VerifyReport> {
  const verifier = new Verifier(options, request);
  const { source, destination, paths = ["/"], signal = new AbortController().signal } = request;
  const slots = new Slots(options.concurrency);
  let fault: unknown;
  const { fopTimeoutMs, pageBytes, depthMax } = options;
  const worldOf = (brick: BrickPort): CrawlWorld => ({
    brick,
    fopTimeoutMs,
    pageBytes,
    depthMax,
    patience: patienceOf({ options, world }),
    signal,
    onDirectory: async () => {},
    onDirectoryDone: () => {},
    onFailure: (path, error) => {
      fault ??= new Error(`${path} on ${brick.brick} cannot be read`, { cause: error });
    },
  });
  const worlds = [worldOf(source), worldOf(destination)] as const;
  const starts = await findStarts(worlds, paths);
  for (const [index, crawlWorld] of worlds.entries()) {
    const other = index === 0 ? destination : source;
    for (const start of starts[index] ?? []) {
      for await (const entry of crawl(crawlWorld, start)) {
        await slots.take();
        void verifier
          .check(entry, crawlWorld.brick, other)
          .catch((error: unknown) => {
            fault ??= error;
          })
          .finally(() => slots.release());
      }
    }
    await slots.drain();
  }
  if (fault !== undefined) throw fault as Error;
  return verifier.report();
}

/**
 * What each of `paths` names on each of the two. What was never moved is not on the destination; a special file that was
 * moved is not on the source. The source is asked first: what moves meanwhile is met on one of them.
 * Rejects with `REBALANCE_PATH_NOT_FOUND` when a path is on neither.
 */
async function findStarts(
  [source, destination]: readonly [CrawlWorld, CrawlWorld],
  paths: readonly string[],
): Promise<readonly (readonly CrawlStart[])[]> {
  const onSource: CrawlStart[] = [];
  const onDestination: CrawlStart[] = [];
  for (const path of paths) {
    const here = await findStart(source, path).catch(missing);
    const there = await findStart(destination, path).catch(missing);
    if (here instanceof RebalanceError && there instanceof RebalanceError) throw here;
    if (!(here instanceof RebalanceError)) onSource.push(here);
    if (!(there instanceof RebalanceError)) onDestination.push(there);
  }
  return [onSource, onDestination];
}

function missing(error: unknown): RebalanceError {
  if (error instanceof RebalanceError && error.code === "REBALANCE_PATH_NOT_FOUND") return error;
  throw error;
}

class Verifier {
  readonly #options: RebalanceOptions;
  readonly #request: VerifyRequest;
  readonly #first: VerifyFinding[] = [];
  #onSource = 0;
  #onDestination = 0;
  #readBytes = 0;
  #findings = 0;

  constructor(options: RebalanceOptions, request: VerifyRequest) {
    this.#options = options;
    this.#request = request;
  }

  report(): VerifyReport {
    return {
      ok: this.#findings === 0,
      onSource: this.#onSource,
      onDestination: this.#onDestination,
      readBytes: this.#readBytes,
      findings: this.#findings,
      firstFindings: this.#first,
    };
  }

  async check(entry: CrawledEntry, brick: BrickPort, other: BrickPort): Promise<void> {
    const { gfid, path, stat, state } = entry;
    try {
      if ((stat.mode & FileType.mask) !== FileType.regular) return;
      const there = await lookUp(other, gfid, this.#options.fopTimeoutMs);
      if (state.type === "link") {
        await this.#checkLink(path, gfid, state.linkto, brick, other, there);
        return;
      }
      if (brick === this.#request.source) this.#onSource += 1;
      else this.#onDestination += 1;
      // Told once, from the source's side.
      if (there.type === "present" && brick === this.#request.source) {
        this.#find("two-data-files", path, gfid, "both bricks have its data");
      }
      if (this.#request.readsData !== false) await this.#readAll(path, gfid, brick);
    } finally {
      entry.release();
    }
  }

  async #checkLink(
    path: string,
    gfid: Gfid,
    linkto: string,
    brick: BrickPort,
    other: BrickPort,
    there: InodeState,
  ): Promise<void> {
    if (linkto !== this.#nameOf(other)) return;
    if (there.type === "absent" && (await this.#isTarget(gfid, brick))) {
      this.#find(
        "target-left",
        path,
        gfid,
        "a migration was not ended, and the source has nothing; run again",
      );
    } else if (there.type === "absent") {
      this.#find("dangling", path, gfid, `${brick.brick} points to ${other.brick}, which has no such file`);
    }
    if (there.type === "link" && there.linkto === this.#nameOf(brick) && brick === this.#request.source) {
      this.#find("no-data-file", path, gfid, "both bricks point to the other; run again, which ends it");
    }
  }

  #nameOf(brick: BrickPort): string {
    const { sourceName, destinationName } = this.#options;
    return (brick === this.#request.source ? sourceName : destinationName) ?? subvolumeOf(brick);
  }

  async #isTarget(gfid: Gfid, brick: BrickPort): Promise<boolean> {
    if (brick !== this.#request.destination) return false;
    const target = await targetOf({ destination: brick, options: this.#options }, gfid).catch(
      (error: unknown) => {
        if (isErrno(error, Errno.EOPNOTSUPP)) return undefined;
        throw error;
      },
    );
    return target !== undefined;
  }

  async #readAll(path: string, gfid: Gfid, brick: BrickPort): Promise<void> {
    const { fopTimeoutMs: timeoutMs, copy } = this.#options;
    const size = copy.chunkBytes;
    try {
      for (let offset = 0; ; offset += size) {
        const { payload, stat, release } = await brick.fops.read(
          { gfid, fd: ANONYMOUS_FD, offset, size, xdata: xdataOf({}) },
          { timeoutMs },
        );
        this.#readBytes += payload.length;
        const isShort = payload.length < Math.min(size, stat.size - offset);
        release();
        if (isShort)
          this.#find("unreadable", path, gfid, `it ends at ${offset + payload.length} of ${stat.size}`);
        if (isShort || offset + size >= stat.size) return;
      }
    } catch (error) {
      // Moved or removed while we looked: not wrong, and met on the other side.
      if (isGone(error) || isErrno(error, 116)) return;
      this.#find("unreadable", path, gfid, error instanceof Error ? error.message : String(error));
    }
  }

  #find(type: VerifyFinding["type"], path: string, gfid: Gfid, message: string): void {
    const finding = { type, path, gfid, message };
    this.#findings += 1;
    if (this.#first.length < this.#options.failuresMax) this.#first.push(finding);
    this.#request.onFinding?.(finding);
  }
}
