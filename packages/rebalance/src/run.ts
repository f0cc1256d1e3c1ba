import { setMaxListeners } from "node:events";
import type { Copier } from "@brickshift/transaction";
import { FileType, type Gfid, NULL_GFID } from "@brickshift/wire";
import { BrickLeases } from "./brick-leases.js";
import { crawl, type CrawledEntry, type CrawlStart, type CrawlWorld, findStart } from "./crawl.js";
import { Directories } from "./directories.js";
import type { DirectoryNode } from "./directory-node.js";
import { failedOutcome } from "./failed-outcome.js";
import { isUnanswered } from "./fop-failure.js";
import { isSparse, lookUp } from "./inode-state.js";
import { type Journal, JOURNAL_VERSION, type RunHeader } from "./journal.js";
import { MemoryJournal } from "./memory-journal.js";
import { type FileToMove, moveFile } from "./move-file.js";
import { isSpecial, moveSpecial } from "./move-special.js";
import type { RebalanceOptions } from "./options.js";
import type { Outcome } from "./outcome.js";
import { moveFilePlainly } from "./plain-copy.js";
import type { BrickPort, World } from "./ports.js";
import { RebalanceError } from "./rebalance-error.js";
import { patienceOf, type RunContext } from "./run-context.js";
import type { RebalanceReport, RunEvent } from "./run-event.js";
import { RunTally } from "./run-tally.js";
import { settleFlip } from "./settle-flip.js";
import { Slots } from "./slots.js";
import { subvolumeOf } from "./subvolume-of.js";
import { sweep, type Swept, targetsLeft } from "./sweep.js";
import { Throttle } from "./throttle-driver.js";

/** What is moved where, and who hears of it. */
export interface RunRequest {
  readonly source: BrickPort;
  readonly destination: BrickPort;
  /** What to move: files or directories, as paths inside the brick; everything by default. */
  readonly paths?: readonly string[];
  /** Remembers the run; without one the next crawl finds what an ended run left. The caller closes it. */
  readonly journal?: Journal;
  /** Go on with the journal's run; without this an unfinished one is refused. */
  readonly resume?: boolean;
  /** Ends the run in good order: leases are given back, files not yet decided stay on the source. */
  readonly signal?: AbortSignal;
  /** Hears of files and of progress. Must not throw. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** One run, from the first look at the journal to the report. */
export class Run {
  readonly #context: RunContext;
  readonly #request: RunRequest;
  readonly #slots: Slots;
  readonly #largeSlots: Slots;
  readonly #stop = new AbortController();
  readonly #moving = new Set<Gfid>();
  readonly #failures: { path: string; outcome: Outcome }[] = [];
  /** Objects that were told to have failed, the first `failuresMax`. */
  readonly #failed = new Set<Gfid>();
  readonly #made = new Set<Gfid>();
  readonly #background = new Set<Promise<void>>();
  readonly #startedAtMs: number;
  #fault: unknown;

  /** @throws RebalanceError `REBALANCE_NOT_BRICKSHIFT`, `REBALANCE_SAME_BRICK`. */
  constructor(options: RebalanceOptions, world: World, copier: Copier, request: RunRequest) {
    this.#request = request;
    this.#slots = new Slots(options.concurrency);
    this.#largeSlots = new Slots(options.largeConcurrency);
    // Each file under way listens, at most three times.
    setMaxListeners(4 * options.concurrency, this.#stop.signal);
    this.#startedAtMs = world.scheduler.nowMs();
    const { source, destination, journal = new MemoryJournal() } = request;
    const { fopTimeoutMs, directoriesMax, depthMax } = options;
    this.#context = {
      options,
      world,
      source,
      sourceName: options.sourceName ?? subvolumeOf(source),
      sourceId: idOf(source),
      sourceLeases: new BrickLeases(source, world, options),
      destination,
      destinationName: options.destinationName ?? subvolumeOf(destination),
      destinationLeases: new BrickLeases(destination, world, options),
      copier,
      directories: new Directories({ source, destination, fopTimeoutMs, directoriesMax, depthMax }),
      throttle: new Throttle(options.bytesPerSecond, world.scheduler),
      journal,
      isResumed: request.resume === true,
      tally: new RunTally(),
      signal: this.#stop.signal,
    };
    const destinationId = idOf(destination);
    if (this.#context.sourceId === destinationId) {
      throw new RebalanceError(
        "REBALANCE_SAME_BRICK",
        `${source.brick} is source and destination; name another brick for one of them`,
      );
    }
  }

  /** Rejects as `Rebalance.run` says. */
  async run(): Promise<RebalanceReport> {
    const { signal } = this.#request;
    const { sourceLeases, destinationLeases, journal, tally } = this.#context;
    const stop = () => this.#stop.abort(new RebalanceError("REBALANCE_CANCELLED", "the run was cancelled"));
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    const endings: (() => unknown)[] = [
      sourceLeases.listen(),
      destinationLeases.listen(),
      () => signal?.removeEventListener("abort", stop),
    ];
    try {
      await this.#open();
      const endProgress = this.#tellProgress();
      endings.push(endProgress);
      const world = this.#crawlWorld();
      const starts: CrawlStart[] = [];
      // All of them before anything is moved: moving may take away what a later path names.
      for (const path of this.#request.paths ?? ["/"]) starts.push(await findStart(world, path));
      if (this.#request.resume === true) await this.#recover();
      // What cannot be opened until its flip is ended comes first.
      await this.#sweep("prepared");
      for (const start of starts) await this.#crawl(world, start);
      await this.#slots.drain();
      await this.#sweep("all");
      await Promise.all(this.#background);
      if (this.#fault !== undefined) throw this.#fault as Error;
      const state = this.#stop.signal.aborted ? "cancelled" : "finished";
      await endProgress();
      await journal.note(tally.snapshot(sourceLeases.granted), state === "finished" ? "finished" : "running");
      return this.#report(state);
    } finally {
      this.#stop.abort();
      await this.#slots.drain();
      await Promise.all([sourceLeases.settle(), destinationLeases.settle()]);
      for (const end of endings) void end();
    }
  }

  /** Begins or goes on with the journal's run. */
  async #open(): Promise<void> {
    const { journal, source, sourceId, destination, options } = this.#context;
    const destinationId = idOf(destination);
    const status = journal.status();
    if (status !== undefined) {
      const { header } = status;
      if (header.source.id !== sourceId || header.destination.id !== destinationId) {
        const message = `the journal is of ${header.source.name} to ${header.destination.name}; use another directory`;
        throw new RebalanceError("REBALANCE_JOURNAL_OTHER_PAIR", message);
      }
      if (this.#request.resume === true) return;
      if (status.intents.length > 0) {
        const message =
          "files of its run are in their last steps; go on with resume, or use another directory";
        throw new RebalanceError("REBALANCE_JOURNAL_UNFINISHED", message);
      }
    }
    const header: RunHeader = {
      version: JOURNAL_VERSION,
      source: { id: sourceId, name: source.brick },
      destination: { id: destinationId, name: destination.brick },
      protection: options.protection,
    };
    await journal.begin(header);
  }

  /** Ends what the journal says was begun. */
  async #recover(): Promise<void> {
    const { journal } = this.#context;
    for (const intent of journal.status()?.intents ?? []) {
      if (this.#stop.signal.aborted) return;
      await this.#slots.take();
      this.#start(async () => {
        const settled = await settleFlip(this.#context, intent);
        if (settled.type === "settled") this.#tell(intent, settled.outcome);
        if (settled.type === "untouched" || settled.outcome.type !== "failed")
          await journal.done(intent.gfid);
      });
    }
    await this.#slots.drain();
  }

  /**
   * Ends what runs left on the destination, ours included: also of files that the source has no more, to which no crawl leads.
   * What fails is told in the end only, and once.
   */
  async #sweep(which: "prepared" | "all"): Promise<void> {
    const context = this.#context;
    if (context.options.protection === "none") return;
    try {
      for await (const target of targetsLeft(context)) {
        if (this.#stop.signal.aborted) break;
        if (which === "prepared" && target.phase !== "prepared") continue;
        await this.#slots.take();
        this.#start(async () => this.#tellSwept(await sweep(context, target), which));
      }
    } catch (error) {
      const at = { path: `what ${context.destination.brick} holds`, gfid: NULL_GFID };
      if (which === "all" && this.#failed.size === 0) this.#tell(at, failedOutcome(at.path, error));
    }
    await this.#slots.drain();
  }

  async #tellSwept(swept: Swept | undefined, which: "prepared" | "all"): Promise<void> {
    if (swept === undefined) return;
    const { settled, path, target } = swept;
    const outcome = settled.type === "settled" ? settled.outcome : undefined;
    if (outcome?.type !== "failed") await this.#context.journal.done(target.gfid);
    else if (which === "prepared" || this.#failed.has(target.gfid) || isLeftToOthers(outcome.code)) return;
    const isNews = outcome?.type === "moved" || outcome?.type === "vanished" || outcome?.type === "failed";
    if (isNews) this.#tell({ path, gfid: target.gfid }, outcome);
  }

  #crawlWorld(): CrawlWorld {
    const { source, options, directories, tally } = this.#context;
    const { fopTimeoutMs, pageBytes, depthMax } = options;
    return {
      brick: source,
      fopTimeoutMs,
      pageBytes,
      depthMax,
      patience: patienceOf(this.#context),
      signal: this.#stop.signal,
      onDirectory: async (gfid) => {
        tally.directory();
        if (await directories.ensure(gfid)) this.#made.add(gfid);
      },
      onDirectoryDone: (node) => this.#directoryDone(node),
      onFailure: (at, error) => this.#tell({ path: at, gfid: NULL_GFID }, failedOutcome(at, error)),
    };
  }

  async #crawl(world: CrawlWorld, start: CrawlStart): Promise<void> {
    for await (const entry of crawl(world, start)) {
      await this.#slots.take();
      if (this.#stop.signal.aborted) {
        this.#slots.release();
        entry.release();
        return;
      }
      this.#start(() => this.#move(entry), entry.release);
    }
  }

  /** Runs a task in the slot that was taken for it. */
  #start(task: () => Promise<void>, release: () => void = () => {}): void {
    void task()
      .catch((error: unknown) => {
        this.#fault ??= error;
        this.#stop.abort();
      })
      .finally(() => {
        this.#slots.release();
        release();
      });
  }

  async #move(entry: CrawledEntry): Promise<void> {
    const { gfid, path } = entry;
    // Another name of a file that is moving: it moves with it.
    if (this.#moving.has(gfid)) return;
    this.#moving.add(gfid);
    this.#request.onEvent?.({ type: "begins", path, gfid });
    try {
      const outcome = await this.#outcomeOf(entry);
      // What was given up because the run ends has no outcome: the next run gives it one.
      if (outcome.type === "failed" && outcome.code === "REBALANCE_CANCELLED") return;
      this.#tell(entry, outcome);
    } finally {
      this.#moving.delete(gfid);
    }
  }

  async #outcomeOf(entry: CrawledEntry): Promise<Outcome> {
    const context = this.#context;
    const { gfid, path, link, stat, state } = entry;
    if (state.type === "link") return this.#outcomeOfLink(entry, state.linkto);
    const file = { gfid, path, link, sizeBytes: stat.size, isSparse: isSparse(stat) };
    if ((stat.mode & FileType.mask) === FileType.regular) {
      if (stat.size <= context.options.smallFileBytesMax) return this.#moveRegular(file);
      await this.#largeSlots.take();
      return this.#moveRegular(file).finally(() => this.#largeSlots.release());
    }
    return isSpecial(stat) ? moveSpecial(context, file) : { type: "skipped", reason: "unknown-type" };
  }

  #moveRegular(file: FileToMove): Promise<Outcome> {
    const { options } = this.#context;
    return options.protection === "none"
      ? moveFilePlainly(this.#context, file)
      : moveFile(this.#context, file);
  }

  /** A link file is what is left of a file that moved, unless its flip was not ended. */
  async #outcomeOfLink({ gfid, path }: CrawledEntry, linkto: string): Promise<Outcome> {
    const context = this.#context;
    const { destination, destinationName, options } = context;
    if (linkto !== destinationName) return { type: "skipped", reason: "link-elsewhere" };
    try {
      const there = await lookUp(destination, gfid, options.fopTimeoutMs);
      if (there.type === "present") return { type: "already-moved" };
    } catch (error) {
      return failedOutcome(path, error);
    }
    const settled = await settleFlip(context, { gfid, path });
    return settled.type === "settled" ? settled.outcome : { type: "vanished" };
  }

  #directoryDone(node: DirectoryNode): void {
    if (!this.#made.delete(node.gfid) || this.#stop.signal.aborted) return;
    // Entries that were made in it have changed its times. They are worth an attempt, not a failure.
    const work = this.#context.directories.restoreTimes(node.gfid, node.stat).catch(() => {});
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }

  #tell({ path, gfid }: { readonly path: string; readonly gfid: Gfid }, outcome: Outcome): void {
    const { tally, options } = this.#context;
    tally.outcome(outcome);
    if (outcome.type === "already-moved") return;
    if (outcome.type === "failed" && this.#failed.size < options.failuresMax) this.#failed.add(gfid);
    const isWorthKeeping = outcome.type === "failed" || outcome.type === "skipped";
    if (isWorthKeeping && this.#failures.length < options.failuresMax) this.#failures.push({ path, outcome });
    this.#request.onEvent?.({ type: "file", path, gfid, outcome });
  }

  /** @returns its end, which resolves when no note is under way any more. */
  #tellProgress(): () => Promise<void> {
    const { options, world, journal, sourceLeases, tally } = this.#context;
    let cancel = () => {};
    let noted: Promise<void> | undefined;
    const tick = () => {
      const counts = tally.snapshot(sourceLeases.granted);
      const { held: leasesHeld } = sourceLeases;
      const moving = this.#slots.taken;
      this.#request.onEvent?.({ type: "progress", counts, seconds: this.#seconds(), moving, leasesHeld });
      cancel = world.scheduler.at(world.scheduler.nowMs() + options.progressMs, tick);
      noted ??= journal
        .note(counts, "running")
        .catch(() => {})
        .finally(() => {
          noted = undefined;
        });
    };
    cancel = world.scheduler.at(world.scheduler.nowMs() + options.progressMs, tick);
    return async () => {
      cancel();
      await noted;
    };
  }

  #report(state: RebalanceReport["state"]): RebalanceReport {
    const { source, destination, options, tally, sourceLeases } = this.#context;
    return {
      state,
      source: source.brick,
      destination: destination.brick,
      protection: options.protection,
      counts: tally.snapshot(sourceLeases.granted),
      seconds: this.#seconds(),
      failures: this.#failures,
    };
  }

  #seconds(): number {
    return (this.#context.world.scheduler.nowMs() - this.#startedAtMs) / 1_000;
  }
}

/** Who is at work on a file tells what becomes of it; so does the next run what this one, as it ends, gave up. */
function isLeftToOthers(code: string): boolean {
  return code === "REBALANCE_OTHER_RUNNER" || code === "REBALANCE_CANCELLED";
}

/** Whether `error` means that a brick cannot be reached. */
export function isUnreachable(error: unknown): boolean {
  return isUnanswered(error);
}

/** Id of a brick that knows what a run asks of it; the control, too, asks for the names of files and directories by gfid. */
function idOf(brick: BrickPort): Gfid {
  const { brickId, brickshift, compat } = brick.capabilities ?? {};
  if (brickId !== undefined && brickshift !== undefined) return brickId;
  const message =
    compat === undefined
      ? `${brick.brick} is no Brickshift brick, or is not connected: it knows no data leases; \`gluster volume rebalance\` moves files of stock bricks`
      : `${brick.brick} imitates ${compat}: it knows no data leases and does not tell of revoked ones`;
  throw new RebalanceError("REBALANCE_NOT_BRICKSHIFT", message);
}
