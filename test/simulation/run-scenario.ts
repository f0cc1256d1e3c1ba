import { NOTE_XATTR } from "./clients/file-client.js";
import { judgeFile } from "./check/judge-history.js";
import type { History } from "./check/history.js";
import { blocksOf } from "./clients/block.js";
import { BLOCKS_MAX, type SharedFile } from "./clients/file-client.js";
import { Faults } from "./faults.js";
import { authorityOf, finalContent, ofStores, whenQuiet } from "./invariants.js";
import type { Marks } from "./marks.js";
import { CallMarks } from "./watch-calls.js";
import type { Scenario } from "./scenario.js";
import { BLOCK_BYTES, type Listener, Simulation } from "./simulation.js";
import { REPLAYS_MAX, type VirtualRunner } from "./world/virtual-runner.js";

/** What one run came to. */
export interface Verdict {
  readonly scenario: Scenario;
  /** What must not have happened; none when all is well. */
  readonly violations: readonly string[];
  readonly marks: Marks;
  readonly migrations: number;
  /** Faults that struck, by their kind. */
  readonly faults: ReadonlyMap<string, number>;
  readonly digest: number;
  readonly history: History;
}

/** Time in which faults may strike, in ms. */
const TROUBLED_MS = 45_000;
/** Time within which everything ends once no fault strikes any more, in ms. */
const BOUND_MS = 600_000;
/** Time in which bricks end what nobody waits for, in ms. */
const BACKGROUND_MS = 200;
/** Longest time that something is under way after its connection was given up, in ms. */
const STRAGGLE_MS = 2_500;
/** Runs after the faults: the first may find a file busy. */
const FINAL_RUNS_MAX = 5;

/** Runs a scenario to its end and judges it. The same scenario gives the same verdict, whenever and wherever. */
export async function runScenario(scenario: Scenario, listener?: Listener): Promise<Verdict> {
  const faults = new Faults(scenario.faults);
  const callMarks = new CallMarks();
  const simulation: Simulation = new Simulation(
    scenario,
    (event) => {
      callMarks.watch(simulation, event);
      faults.onCall(event);
    },
    listener,
  );
  faults.attach(simulation);
  try {
    await simulation.begin();
    await simulation.startClients();
    void (await simulation.addRunner()).run();
    const { movesOnAfterMs } = scenario;
    let isMovingOn = movesOnAfterMs === undefined;
    if (movesOnAfterMs !== undefined) {
      simulation.clock.at(simulation.clock.nowMs() + movesOnAfterMs, () => {
        void simulation.addRunner(undefined, false, 1).then((runner) => {
          isMovingOn = true;
          return runner.run();
        });
      });
    }
    const isOver = () =>
      simulation.playing === 0 &&
      isMovingOn &&
      faults.starting === 0 &&
      simulation.runners.every((runner) => runner.isOver);
    await simulation.runUntil(isOver, TROUBLED_MS);
    faults.end();
    await heal(simulation);
    if (!(await simulation.runUntil(isOver, BOUND_MS))) simulation.violate("it does not end");
    simulation.look();
    judge(simulation);
    if (scenario.mode === "liveness") await close(simulation);
    if (scenario.mode === "liveness" && movesOnAfterMs !== undefined) {
      await close(simulation, 1);
      // What was here and has moved on is nothing to be moved again, nor lost.
      await close(simulation);
    }
    simulation.look();
    judge(simulation);
    await rest(simulation);
  } catch (error) {
    simulation.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { violations, marks, migrations, digest, history } = simulation;
  const struck = simulation.faults;
  return { scenario, violations: [...violations], marks, migrations, faults: struck, digest, history };
}

/** Nothing is wrong any more; clients come to their end. */
async function heal(simulation: Simulation): Promise<void> {
  const { bricks, runners, clientLinks, scenario } = simulation;
  simulation.tell("no more faults");
  simulation.isEnding = true;
  for (const brick of bricks) {
    Object.assign(brick.disk.trouble, { errorShare: 0, isFull: false });
    brick.process?.wake();
    if (!brick.isUp && brick.process?.isDead === true) void brick.start();
  }
  for (const { process, links } of runners) {
    process.wake();
    for (const link of links) link.heal(scenario.delayMsMax);
  }
  for (const link of clientLinks) link.heal(scenario.delayMsMax);
  await simulation.runUntil(() => bricks.every(({ isUp }) => isUp), 10_000);
}

/** With nobody in the way, a run must move everything that is left, and leave nothing behind. */
async function close(simulation: Simulation, from: 0 | 1 = 0): Promise<void> {
  // What is under way on connections that were given up comes first: nothing that comes later can be swept by it.
  await simulation.runUntil(() => false, STRAGGLE_MS);
  for (let run = 1; ; run += 1) {
    const begun = simulation.scenario.losesJournals
      ? undefined
      : simulation.runners.find((other) => other.from === from && isUnfinished(other));
    const runner = await simulation.addRunner(begun?.journal, begun !== undefined, from);
    void runner.run();
    if (!(await simulation.runUntil(() => runner.isOver, BOUND_MS))) {
      simulation.violate("a run without faults does not end");
      return;
    }
    const { report, fault } = runner;
    if (fault !== undefined) simulation.violate(`a run without faults ended with ${fault.message}`);
    const failed = (report?.failures ?? [])
      .filter(({ path }) => !isLeftLink(simulation, path))
      .map(({ path, outcome }) => `${path} ${JSON.stringify(outcome)}`);
    if (failed.length === 0 && begun === undefined) break;
    if (failed.length === 0 && run < FINAL_RUNS_MAX) continue;
    if (failed.length === 0) break;
    if (run < FINAL_RUNS_MAX) continue;
    simulation.violate(`a run without faults could not move ${failed.join(", ")}`);
    return;
  }
  for (const file of simulation.files) {
    const isOn = simulation.bricks.findIndex((brick) => brick.holdsData(file.gfid));
    if (!file.isUnlinked && isOn <= from) simulation.violate(`${file.name} did not move`);
  }
}

function isUnfinished({ journal }: VirtualRunner): boolean {
  return (journal.status()?.intents.length ?? 0) > 0;
}

/** A client that removed a file and did not come to its link file has left that, and it leads nowhere. */
function isLeftLink({ files, bricks }: Simulation, path: string): boolean {
  const file = files.find(({ name }) => path === `/${name}`);
  return file?.isUnlinked === true && !bricks.some((brick) => brick.holdsData(file.gfid));
}

/** What is left when everybody has gone. */
async function rest(simulation: Simulation): Promise<void> {
  const { bricks, scenario } = simulation;
  // Connections that were lost while a brick could not hear of it end by their handshake's or peer's time.
  await simulation.runUntil(() => [...whenQuiet(bricks)].length === 0, BOUND_MS);
  // Where faults last for ever there is no run that ends what others left.
  const mayLeaveTargets = scenario.mode === "safety";
  const left = [...whenQuiet(bricks)].filter(
    (text) => !mayLeaveTargets || !text.includes("migrationTargets"),
  );
  for (const text of left) simulation.violate(text);
  for (const runner of simulation.runners) {
    const { replays = 0, transactions = 0 } = runner.report?.counts ?? {};
    if (replays > 0) simulation.marks.reach("transaction-replayed");
    if (replays > (transactions + simulation.files.length) * (REPLAYS_MAX + 1))
      simulation.violate(`${replays} replays`);
    if ((runner.report?.counts.passes ?? 0) > 2 * simulation.files.length)
      simulation.marks.reach("moved-in-passes");
    if ((runner.report?.counts.recovered ?? 0) > 0) simulation.marks.reach("flip-ended-by-other");
  }
  if (bricks.some(({ disk }) => disk.contentsMoved > 0)) simulation.marks.reach("kept-content-moved");
  // What bricks do in the background, after they have answered.
  await simulation.runUntil(() => false, BACKGROUND_MS);
  for (const text of await ofStores(bricks)) {
    // What a failing disk kept a brick from emptying is left to its next start.
    const isLeft =
      /pending|orphan-blob/.test(text) &&
      scenario.faults.some(({ act }) => act.type === "disk-errors" || act.type === "full");
    if (isLeft || (mayLeaveTargets && text.includes("target-left"))) continue;
    simulation.violate(text);
  }
}

/** Reads every file where it is, and judges what everybody was told. */
function judge(simulation: Simulation): void {
  const { history, files, bricks } = simulation;
  for (const file of files) {
    const { brick, content } = finalContent(bricks, file);
    const isGone = file.isUnlinked && !bricks.some((brick) => brick.holdsData(file.gfid));
    if (isGone) continue;
    if (wasRemoved(simulation, file)) simulation.violate(`${file.name} was removed, and is back`);
    if (content === undefined) {
      simulation.violate(`${file.name} has no data on ${brick.name}`);
      continue;
    }
    const operation = history.begin({
      client: "world",
      file: file.name,
      type: "read",
      from: 0,
      to: BLOCKS_MAX,
    });
    const values = blocksOf(content, BLOCKS_MAX, BLOCK_BYTES);
    if (values === undefined) simulation.violate(`${file.name}: a block is of two writes on ${brick.name}`);
    operation.values = values ?? new Uint32Array(BLOCKS_MAX);
    operation.sizeBytes = content.length;
    history.end(operation, "done", brick.name);
    const value = simulation.initialValue(file);
    const wrong = judgeFile(history, { name: file.name, blocks: file.blocks, value });
    if (wrong !== undefined) simulation.violate(`${wrong.file}: ${wrong.text}`);
    judgeNames(simulation, file);
    judgeNote(simulation, file);
  }
}

/** A file has the xattr that it was given last, but for what a power cut may have taken: what had not been synced by then. */
function judgeNote(simulation: Simulation, { name, gfid }: SharedFile): void {
  const { history, bricks, powerCutsAt } = simulation;
  const brick = bricks.find((other) => other.holdsData(gfid))?.brick;
  const own = history.operations.filter(({ file, outcome }) => file === name && outcome === "done");
  const notes = own.filter(({ type }) => type === "note");
  if (brick === undefined || notes.length === 0) return;
  const kept = notes.filter((note) => {
    const nextCut = powerCutsAt.find((at) => at > note.call) ?? Number.POSITIVE_INFINITY;
    const isSynced = own.some(({ type, call, end }) => type === "sync" && call > note.end && end < nextCut);
    return nextCut === Number.POSITIVE_INFINITY || isSynced;
  });
  const least = kept.at(-1)?.value ?? 0;
  const found = Number(Buffer.from(brick.tree.listXattrs(gfid).get(NOTE_XATTR) ?? "0").toString());
  if (found < least) simulation.violate(`${name} has the note ${found}, and ${least} was acknowledged`);
}

/** The destination shows a file, and shows it no more: whoever removed it there, and was told so, removed the file. */
function wasRemoved({ history, bricks }: Simulation, { name }: SharedFile): boolean {
  return history.operations.some(
    (operation) =>
      operation.type === "name" &&
      operation.file === name &&
      operation.name === undefined &&
      operation.outcome === "done" &&
      operation.brick === bricks[1].name,
  );
}

/** A file has the name that it was given last. */
function judgeNames(simulation: Simulation, file: SharedFile): void {
  const { history, bricks } = simulation;
  if (file.isUnlinked) return;
  const given = history.operations.filter(({ type, file: name }) => type === "name" && name === file.name);
  const isKnown = given.every(({ outcome }) => outcome === "done" || outcome === "refused");
  if (!isKnown) return;
  const last = given.filter(({ outcome }) => outcome === "done").at(-1)?.name ?? file.name;
  const where = authorityOf(bricks, file);
  const names = where.brick?.tree.links(file.gfid).map(({ name }) => name) ?? [];
  if (names.length === 1 && names[0] === last) return;
  simulation.violate(
    `${file.name} was named ${last} last, and is ${names.join(", ") || "without a name"} on ${where.name}`,
  );
}
