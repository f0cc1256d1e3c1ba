import {
  ANONYMOUS_FD,
  type Direntp,
  Errno,
  FileType,
  type Gfid,
  type Iatt,
  NULL_GFID,
  type ParentLink,
  ROOT_GFID,
} from "@brickshift/wire";
import { DirectoryNode } from "./directory-node.js";
import { isGone, isUnanswered } from "./fop-failure.js";
import { ASK_LINKTO, type InodeState, stateOf } from "./inode-state.js";
import { RebalanceError } from "./rebalance-error.js";
import type { BrickPort } from "./ports.js";
import { untilAnswered, type StepPatience } from "./until-answered.js";

/** Something met that is no directory. Whoever takes it must call `release` when done with it. */
export interface CrawledEntry {
  readonly gfid: Gfid;
  readonly path: string;
  readonly link: ParentLink;
  readonly stat: Iatt;
  readonly state: InodeState;
  readonly release: () => void;
}

/** What a {@link crawl} needs, and whom it tells. */
export interface CrawlWorld {
  readonly brick: BrickPort;
  readonly fopTimeoutMs: number;
  readonly pageBytes: number;
  readonly depthMax: number;
  readonly patience: StepPatience;
  /** Called before a directory is entered; when it rejects the directory is left out. */
  readonly onDirectory: (gfid: Gfid, path: string) => Promise<void>;
  /** Called when everything in and below a directory is done with. */
  readonly onDirectoryDone: (node: DirectoryNode) => void;
  /** A directory that could not be entered, or not read to its end. */
  readonly onFailure: (path: string, error: unknown) => void;
  readonly signal: AbortSignal;
}

/** What a path names, where a {@link crawl} begins. */
export interface CrawlStart {
  readonly path: string;
  readonly link: ParentLink;
  readonly stat: Iatt;
  readonly state: InodeState;
  /** Directories above it. */
  readonly depth: number;
}

/**
 * Walks the tree below `start`, depth first, and yields everything that is no directory. Keeps one page of each
 * directory on the way down in memory, and nothing else. Throws what the client rejects with when the brick does not answer.
 */
export async function* crawl(world: CrawlWorld, start: CrawlStart): AsyncGenerator<CrawledEntry> {
  const { stat, path, depth } = start;
  if (!isDirectory(stat)) {
    await world.onDirectory(start.link.pargfid, path);
    yield { ...start, gfid: stat.gfid, release: () => {} };
    return;
  }
  const place = { gfid: stat.gfid, path, stat, depth };
  yield* crawlDirectory(world, new DirectoryNode(place, undefined, world.onDirectoryDone));
}

/** Finds what `path` names. Throws `REBALANCE_PATH_NOT_FOUND`, and what the client rejects with when there is no answer. */
export async function findStart(
  world: Pick<CrawlWorld, "brick" | "fopTimeoutMs" | "patience">,
  path: string,
): Promise<CrawlStart> {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  let gfid = ROOT_GFID;
  let link: ParentLink = { pargfid: ROOT_GFID, bname: "" };
  let found = await lookUpName(world, { pargfid: NULL_GFID, bname: "" });
  for (const [index, bname] of names.entries()) {
    link = { pargfid: gfid, bname };
    found = await lookUpName(world, link);
    if (found === undefined) {
      const at = `/${names.slice(0, index + 1).join("/")}`;
      const message = `${at} is not on ${world.brick.brick}; look for a spelling mistake`;
      throw new RebalanceError("REBALANCE_PATH_NOT_FOUND", message);
    }
    gfid = found.stat.gfid;
  }
  if (found === undefined) throw new RebalanceError("REBALANCE_PATH_NOT_FOUND", "the brick has no root");
  return { ...found, link, path: `/${names.join("/")}`, depth: names.length };
}

async function* crawlDirectory(world: CrawlWorld, node: DirectoryNode): AsyncGenerator<CrawledEntry> {
  try {
    if (node.depth > world.depthMax) {
      throw new RebalanceError(
        "REBALANCE_TOO_DEEP",
        `more than ${world.depthMax} directories deep; give it as PATH`,
      );
    }
    await world.onDirectory(node.gfid, node.path);
    for await (const entry of entriesOf(world, node)) {
      if (world.signal.aborted) return;
      if (entry.name === "." || entry.name === "..") continue;
      yield* crawlEntry(world, node, entry);
    }
  } catch (error) {
    if (isUnanswered(error)) throw error;
    // A directory that was removed meanwhile holds nothing to be moved.
    if (!isGone(error)) world.onFailure(node.path, error);
  } finally {
    node.release();
  }
}

async function* crawlEntry(
  world: CrawlWorld,
  node: DirectoryNode,
  entry: Direntp,
): AsyncGenerator<CrawledEntry> {
  const link = { pargfid: node.gfid, bname: entry.name };
  const path = node.pathOf(entry.name);
  const found =
    entry.stat.gfid === NULL_GFID
      ? await lookUpName(world, link)
      : { stat: entry.stat, state: stateOf(entry.stat, entry.dict) };
  if (found === undefined) return;
  const { stat, state } = found;
  if (isDirectory(stat)) {
    const place = { gfid: stat.gfid, path, stat, depth: node.depth + 1 };
    yield* crawlDirectory(world, new DirectoryNode(place, node, world.onDirectoryDone));
    return;
  }
  node.hold();
  yield { gfid: stat.gfid, path, link, stat, state, release: () => node.release() };
}

/** The entries of a directory; the next page is asked for while the last one is worked on. */
async function* entriesOf(world: CrawlWorld, node: DirectoryNode): AsyncGenerator<Direntp> {
  let next: Promise<Page> | undefined = readPage(world, node.gfid, 0n);
  while (next !== undefined) {
    const page: Page = await next;
    next = page.isLast ? undefined : readPage(world, node.gfid, page.cookie);
    // Whoever stops early does not wait for it.
    next?.catch(() => {});
    yield* page.entries;
  }
}

interface Page {
  readonly entries: readonly Direntp[];
  readonly isLast: boolean;
  readonly cookie: bigint;
}

async function readPage(world: CrawlWorld, gfid: Gfid, cookie: bigint): Promise<Page> {
  const { brick, fopTimeoutMs: timeoutMs, pageBytes } = world;
  const request = { gfid, fd: ANONYMOUS_FD, offset: cookie, size: pageBytes, xdata: ASK_LINKTO };
  const reply = await untilAnswered(() => brick.fops.readdirp(request, { timeoutMs }), world.patience);
  const { entries, opErrno } = reply;
  const last = entries.at(-1);
  const isLast = last === undefined || opErrno === Errno.ENOENT;
  return { entries, isLast, cookie: last?.offset ?? 0n };
}

async function lookUpName(
  world: Pick<CrawlWorld, "brick" | "fopTimeoutMs" | "patience">,
  { pargfid, bname }: ParentLink,
) {
  const { brick, fopTimeoutMs: timeoutMs, patience } = world;
  const gfid = bname === "" ? ROOT_GFID : NULL_GFID;
  try {
    const request = { gfid, pargfid, flags: 0, bname, xdata: ASK_LINKTO };
    const { prestat: stat, xdata } = await untilAnswered(
      () => brick.fops.lookup(request, { timeoutMs }),
      patience,
    );
    return { stat, state: stateOf(stat, xdata) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isDirectory(stat: Iatt): boolean {
  return (stat.mode & FileType.mask) === FileType.directory;
}
