import type { BrickEvent } from "@brickshift/brick";
import { createBrickClient } from "@brickshift/brick-client";
import { type Journal, MemoryJournal, type Outcome } from "@brickshift/rebalance";
import { ManualScheduler, seededRandom, type SeededRandom } from "@brickshift/testkit";
import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { History } from "./check/history.js";
import { bytesOf } from "./clients/block.js";
import { connectionOptions } from "./clients/connection-options.js";
import { FileClient, type SharedFile } from "./clients/file-client.js";
import { playClient } from "./clients/play-client.js";
import { atEveryMoment, authorityOf, type Bricks } from "./invariants.js";
import { Marks } from "./marks.js";
import type { BrickNumber, FaultAct, Scenario } from "./scenario.js";
import { Thefts } from "./thefts.js";
import { Link } from "./world/link.js";
import { type CallEvent, RecordWatch } from "./world/record-watch.js";
import { LEASE_WAIT_MS_MAX, VirtualBrick } from "./world/virtual-brick.js";
import { VirtualProcess } from "./world/virtual-process.js";
import { type OnOutcome, VirtualRunner } from "./world/virtual-runner.js";

/** What one call or event was, for those who follow a run. */
export type Listener = (line: string) => void;

/** Bytes of one block: chunks are whole blocks. */
export const BLOCK_BYTES = 64;

/** Two bricks, or three, with files, runners and clients in one process, under one clock; what happens is the scenario's and chance's. */
export class Simulation {
  readonly scenario: Scenario;
  readonly clock = new ManualScheduler();
  readonly history = new History(BLOCK_BYTES);
  readonly marks = new Marks();
  readonly violations = new Set<string>();
  /** Moments of {@link History} at which a brick lost power. */
  readonly powerCutsAt: number[] = [];
  readonly bricks: Bricks;
  readonly files: readonly SharedFile[];
  readonly runners: VirtualRunner[] = [];
  readonly clientLinks: Link[] = [];
  readonly thefts: Thefts;
  /** Clients that have not ended. */
  playing = 0;
  isEnding = false;
  /** Files that had an outcome. */
  migrations = 0;
  /** Faults that struck, by their kind. */
  readonly faults = new Map<FaultAct["type"], number>();
  /** A number that two runs of one seed have in common. */
  digest = 0;
  #values = 1;
  #runnersMade = 0;
  readonly #listener: Listener | undefined;
  readonly #onCall: (event: CallEvent) => void;
  readonly #clients: VirtualProcess[] = [];

  /** @param onCall hears of every call of a runner. */
  constructor(scenario: Scenario, onCall: (event: CallEvent) => void, listener?: Listener) {
    this.scenario = scenario;
    this.#onCall = onCall;
    this.#listener = listener;
    const brick = (number: BrickNumber) =>
      new VirtualBrick(`b${number}`, number, this.clock, this.chance(`disk ${number}`), (brick, event) =>
        this.#onBrickEvent(brick, event),
      );
    this.bricks = [brick(0), brick(1), ...(scenario.movesOnAfterMs === undefined ? [] : [brick(2)])];
    this.thefts = new Thefts(
      this.bricks,
      (mark) => this.marks.reach(mark),
      (text) => this.violate(text),
    );
    this.files = scenario.files.map((plan, index) => ({
      ...plan,
      gfid: parseGfid(`bbbbbbbb-0000-4000-8000-${(index + 1).toString().padStart(12, "0")}`),
    }));
  }

  /** Chance of its own for each part, so that leaving out one part changes nothing for the others. */
  chance(part: string): SeededRandom {
    let seed = this.scenario.seed;
    for (const character of part) seed = Math.imul(seed ^ character.charCodeAt(0), 0x01000193) >>> 0;
    return seededRandom(seed);
  }

  /** What a file was in the beginning. */
  initialValue(file: SharedFile): number {
    return 0xf000_0000 + this.files.indexOf(file);
  }

  tell(line: string): void {
    if (this.#listener !== undefined) this.#listener(`${this.clock.nowMs().toFixed(3).padStart(10)} ${line}`);
  }

  violate(text: string): void {
    this.violations.add(text);
    this.tell(`VIOLATION ${text}`);
  }

  /** Starts the bricks and makes the files. */
  async begin(): Promise<void> {
    for (const brick of this.bricks) void brick.start();
    await this.runUntil(() => this.bricks.every(({ isUp }) => isUp), 1_000);
    const tree = this.bricks[0].brick?.tree;
    if (tree === undefined) throw new Error("the source did not start");
    let made = 0;
    for (const file of this.files) {
      const make = async () => {
        await tree.create(ROOT_GFID, file.name, { gfid: file.gfid, mode: 0o644, uid: 0, gid: 0 });
        await tree.write(file.gfid, 0, bytesOf(this.initialValue(file), file.blocks, BLOCK_BYTES));
        await tree.fsync(file.gfid, false);
        made += 1;
      };
      void make();
    }
    await this.runUntil(() => made === this.files.length, 10_000);
  }

  /** A runner from brick `from` to the next, about to run; the caller runs it. */
  async addRunner(
    journal: Journal = new MemoryJournal(),
    isResuming = false,
    from: 0 | 1 = 0,
  ): Promise<VirtualRunner> {
    this.#runnersMade += 1;
    const name = `r${this.#runnersMade}`;
    const process = new VirtualProcess(name, this.clock);
    const to = from === 0 ? 1 : 2;
    const links = [this.#link(process, from), this.#link(process, to)] as const;
    await this.brickOf(from).add(links[0]);
    await this.brickOf(to).add(links[1]);
    const random = this.chance(name);
    const onOutcome: OnOutcome = (outcome, path, isLeftOver) => {
      if (isLeftOver) this.#onLeftOver(outcome, path);
      this.#onOutcome(name, outcome, path);
    };
    const runner = new VirtualRunner({ process, from, links, journal, isResuming, random, onOutcome });
    this.runners.push(runner);
    return runner;
  }

  /** Starts every client of the scenario. */
  async startClients(): Promise<void> {
    for (const plan of this.scenario.clients) {
      const process = new VirtualProcess(plan.name, this.clock);
      this.#clients.push(process);
      const random = this.chance(plan.name);
      const connect = async (number: BrickNumber) => {
        const link = this.#link(process, number);
        this.clientLinks.push(link);
        await this.brickOf(number).add(link);
        const { transport, address } = link;
        const brick = `b${number}`;
        return createBrickClient({
          transport,
          address,
          brick,
          scheduler: process,
          random,
          options: { ...connectionOptions, hostName: plan.name },
        });
      };
      const first = [await connect(0), await connect(1)] as const;
      const bricks = this.bricks.length > 2 ? ([...first, await connect(2)] as const) : first;
      const client = new FileClient({
        plan,
        process,
        random,
        history: this.history,
        marks: this.marks,
        thefts: this.thefts,
        files: this.files,
        bricks,
        isEnding: () => this.isEnding,
        newValue: () => (this.#values += 1),
        onAnswered: (ms) => this.#onAnswered(plan.name, ms),
        onViolation: (text) => this.violate(text),
      });
      this.playing += 1;
      void playClient(client).finally(() => {
        this.playing -= 1;
      });
    }
  }

  /**
   * Lets time pass until `isReached`, `ms` at most.
   * @returns whether it was reached.
   */
  async runUntil(isReached: () => boolean, ms: number): Promise<boolean> {
    const endMs = this.clock.nowMs() + ms;
    for (;;) {
      // Whatever the last timer led to in promises comes first.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      if (isReached()) return true;
      const nextMs = this.clock.nextMs;
      if (nextMs === undefined || nextMs > endMs) return false;
      this.clock.runNext();
    }
  }

  /** Looks whether what must always hold does. */
  look(): void {
    for (const text of atEveryMoment(this.bricks, this.files)) this.violate(text);
  }

  /** Ends the process of a brick. */
  crashBrick(number: 0 | 1, how: "kill" | "power-cut"): void {
    const brick = this.bricks[number];
    if (!brick.isUp) return;
    if (how === "power-cut") this.powerCutsAt.push(this.history.instant());
    this.thefts.changed();
    this.markCrash();
    if ((brick.brick?.gate.usage.leases ?? 0) > 0) this.marks.reach("brick-killed-under-lease");
    const mine = this.files.filter((file) => authorityOf(this.bricks, file) === brick);
    const gfids = this.files.map(({ gfid }) => gfid);
    const lostChanges = brick.disk.lostChanges;
    const lost = new Set<Gfid>(brick.crash(how, gfids));
    if (brick.disk.lostChanges > lostChanges) this.marks.reach("power-cut-lost-records");
    this.tell(`${brick.name} ${how}, ${lost.size} files lost something`);
    if (lost.size > 0) this.marks.reach("power-cut-lost-data");
    for (const file of mine) {
      if (!lost.has(file.gfid)) continue;
      const sizeBytes = brick.disk.contentOf(file.gfid)?.length ?? 0;
      this.history.powerCut({ file: file.name, brick: brick.name, sizeBytes });
    }
  }

  /** Something dies: notes whether it was in the middle of a flip. */
  markCrash(): void {
    for (const { gfid } of this.files) {
      if (
        this.bricks[1].targetPhase(gfid) === "prepared" &&
        this.bricks[0].isUp &&
        !this.bricks[0].holdsData(gfid)
      ) {
        this.marks.reach("crash-between-halves");
      }
    }
  }

  /** Whether a runner holds a lease on a brick. */
  isLeased(number: 0 | 1): boolean {
    return (this.bricks[number].brick?.gate.usage.leases ?? 0) > 0;
  }

  brickOf(number: BrickNumber): VirtualBrick {
    const brick = this.bricks[number];
    if (brick === undefined) throw new Error(`there is no brick ${number}`);
    return brick;
  }

  #link(near: VirtualProcess, number: BrickNumber): Link {
    const name = `${near.name}-b${number}`;
    return new Link({
      name,
      near,
      brick: () => this.brickOf(number).process,
      clock: this.clock,
      random: this.chance(name),
      delayMsMax: this.scenario.delayMsMax,
      watch: new RecordWatch(name, (event) => this.#onCallEvent(event)),
    });
  }

  #onCallEvent(event: CallEvent): void {
    this.#mix(this.clock.nowMs() * 1_000, event.call.length * 64 + event.what.length, event.errno);
    if (this.#listener !== undefined) {
      const { link, call, what, errno, leaseState } = event;
      this.tell(
        `${link} ${call} ${what}${errno === 0 ? "" : ` errno ${errno}`}${leaseState === undefined ? "" : ` ${leaseState}`}`,
      );
    }
    this.thefts.onCall(event);
    if (event.what === "answered" && event.call.startsWith("migration-")) this.look();
    if (event.link.startsWith("r")) this.#onCall(event);
  }

  #onBrickEvent(brick: VirtualBrick, event: BrickEvent): void {
    this.tell(`${brick.name} log ${event.type}${"gfid" in event ? ` ${event.gfid.slice(-2)}` : ""}`);
    if (event.type === "revoke" || event.type === "session-closed") this.thefts.changed();
    if (event.type === "recall") this.#onRecall(event.gfid);
    if (event.type === "revoke") this.#onRevoke(brick, event);
    if (event.type === "fault" && this.#isBug(event.error))
      this.violate(`${brick.name} ${event.fop}: ${String(event.error)}`);
  }

  /** A fault that is no trouble of the disk is a bug of the brick. */
  #isBug(error: unknown): boolean {
    return !(error instanceof Error && "code" in error && String(error.code).startsWith("STORE_"));
  }

  #onRecall(gfid: Gfid): void {
    for (const { underWay } of this.runners) {
      if (underWay[1].count("write", gfid) > 0) this.marks.reach("recall-during-drain");
      if (underWay[0].count("lease", gfid) > 0) this.marks.reach("recall-overtakes-grant");
    }
  }

  #onRevoke(brick: VirtualBrick, { client, gfid, reason }: Extract<BrickEvent, { type: "revoke" }>): void {
    const isOfClient = this.scenario.clients.some(({ name }) => client.includes(`HOST:${name}-`));
    if (isOfClient && reason === "recall-timeout") this.marks.reach("silent-holder-revoked");
    if (isOfClient || brick !== this.bricks[0]) return;
    for (const { underWay } of this.runners) {
      if (underWay[1].count("write", gfid) > 0) this.marks.reach("revoke-during-write");
    }
    if (reason === "recall-timeout") this.marks.reach("revoke-by-timeout");
  }

  /** A run ended what another had left, and what it learned of from the destination only. */
  #onLeftOver(outcome: Outcome, path: string): void {
    if (outcome.type === "vanished") this.marks.reach("orphan-dropped");
    if (outcome.type !== "moved") return;
    this.marks.reach("flip-found-on-destination");
    const file = this.files.find(({ name }) => path.startsWith(`/${name}`));
    const isOnSource = file !== undefined && this.bricks[0].brick?.tree.isLinked(file.gfid) === true;
    if (!isOnSource) this.marks.reach("only-copy-found");
  }

  #onOutcome(runner: string, outcome: Outcome, path: string): void {
    this.migrations += 1;
    this.tell(
      `${runner} ${path} ${outcome.type}${outcome.type === "failed" ? ` ${outcome.code} ${outcome.message}` : ""}`,
    );
    this.#mix(outcome.type.length, path.length, 0);
    const size = this.files.find(({ name }) => path.startsWith(`/${name}`))?.blocks ?? 0;
    if (outcome.type === "moved" && this.#isFromSecond(runner)) this.marks.reach("moved-on");
    if (outcome.type === "vanished") this.marks.reach("vanished");
    if (outcome.type === "moved" && size * BLOCK_BYTES <= 1_024) this.marks.reach("moved-small");
    if (outcome.type !== "failed") return;
    const marks = {
      REBALANCE_BUSY: "busy",
      REBALANCE_OTHER_RUNNER: "other-runner",
      REBALANCE_UNREACHABLE: "unreachable",
      REBALANCE_DESTINATION_FULL: "destination-full",
      REBALANCE_SOURCE_FAILED: "read-error",
      REBALANCE_UNFINISHED: "unfinished",
    } as const;
    if (outcome.code in marks) this.marks.reach(marks[outcome.code as keyof typeof marks]);
  }

  #isFromSecond(runner: string): boolean {
    return this.runners.find(({ process }) => process.name === runner)?.from === 1;
  }

  #onAnswered(client: string, ms: number): void {
    const bricksAreWell = this.scenario.faults.every(({ act }) =>
      ["kill-runner", "pause-runner", "second-runner", "block", "slow"].includes(act.type),
    );
    const holders = this.scenario.clients.filter(({ kind }) => kind === "silent-holder").length * 3;
    const waitsMax = 1 + this.#runnersMade + holders;
    if (bricksAreWell && ms > waitsMax * LEASE_WAIT_MS_MAX + 500)
      this.violate(`${client} waited ${Math.round(ms)} ms for a fop`);
  }

  #mix(...numbers: readonly number[]): void {
    for (const number of numbers) this.digest = Math.imul(this.digest ^ number, 0x01000193) >>> 0;
  }
}
