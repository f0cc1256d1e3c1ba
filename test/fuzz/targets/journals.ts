import type { SeededRandom } from "@brickshift/testkit";
import { ROOT_GFID, type Gfid } from "@brickshift/wire";
import type { JournalRecord } from "../../../packages/rebalance/src/journal-records.js";
import { JournalState } from "../../../packages/rebalance/src/journal-state.js";
import { encodeRecords, encodeVersion, parseJournal } from "../../../packages/rebalance/src/journal-text.js";
import { RunTally } from "../../../packages/rebalance/src/run-tally.js";
import { applyChanges } from "../apply-changes.js";
import { refusedOr } from "../refusal.js";
import type { FuzzTarget } from "../target.js";

const codes = ["REBALANCE_JOURNAL_DAMAGED", "REBALANCE_JOURNAL_VERSION"];

/** The file of a journal, also with lines that were made up and have right checksums. */
export const journals: FuzzTarget = {
  name: "journals",
  holds:
    "any bytes are a journal, which is written again to the same, or are refused as damaged or of another version",
  corpus: "packages/rebalance/test/corpus/journal",
  words: [
    '"type":"intent"',
    '"type":"done"',
    '"type":"journal"',
    '"version":3',
    "\n",
    '"phase":"committed"',
    "\\udcff",
  ],
  seeds: () => [journalOf(records), journalOf(records.slice(0, 1)), journalOf([])],
  mutate: resealed,
  run(bytes) {
    let state: JournalState | undefined;
    const outcome = refusedOr(() => (state = stateOf(bytes)), ...codes);
    if (state === undefined) return outcome;
    const again = stateOf(journalOf(state.records()));
    if (textOf(again) !== textOf(state)) throw new Error(`${textOf(state)} was written as ${textOf(again)}`);
    return outcome;
  },
};

/**
 * A journal that was right and is not what it was: an input is a list of changes to one journal. Whatever
 * is still read is what the journal said at some moment, and no other meaning.
 */
export const spoiltJournals: FuzzTarget = {
  name: "spoilt journals",
  holds:
    "a journal that was changed, cut, or torn at its end is refused, or says what it said when an earlier line was its last",
  corpus: "packages/rebalance/test/corpus/spoilt-journal",
  seeds: () => [
    Uint8Array.of(0, 0, 0, 1, 5, 9),
    Uint8Array.of(2, 200, 40),
    Uint8Array.of(3, 1, 1, 2, 3, 100),
  ],
  run(bytes) {
    const spoilt = applyChanges(original, bytes);
    let state: JournalState | undefined;
    const outcome = refusedOr(() => (state = stateOf(spoilt)), ...codes);
    if (state !== undefined && !earlier.has(textOf(state))) throw new Error(`it says ${textOf(state)}`);
    return outcome;
  },
};

const id = (n: number) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}` as Gfid;
const intent = (n: number): JournalRecord => ({
  type: "intent",
  intent: {
    gfid: id(n),
    path: `/d/f${n}\udcff`,
    link: { pargfid: ROOT_GFID, bname: `f${n}\udcff` },
    fence: String(10n ** BigInt(n)),
    phase: "intent",
  },
});
const header: JournalRecord = {
  type: "run",
  header: {
    version: 2,
    source: { id: id(1), name: "b0" },
    destination: { id: id(2), name: "b1" },
    protection: "lease",
    startedWallMs: 1_700_000_000_000,
  },
};
const records: readonly JournalRecord[] = [
  header,
  intent(3),
  intent(4),
  { type: "committed", gfid: id(3) },
  { type: "note", state: "running", counts: new RunTally().snapshot(2) },
  intent(5),
  { type: "done", gfid: id(3) },
  { type: "committed", gfid: id(4) },
  { type: "done", gfid: id(4) },
];
const original = journalOf(records);
const earlier = new Set(records.map((_, count) => textOf(stateOf(journalOf(records.slice(0, count))))));
earlier.add(textOf(stateOf(original)));

function journalOf(of: readonly JournalRecord[]): Uint8Array {
  const first = encodeVersion();
  return Uint8Array.from(Buffer.concat([first.bytes, encodeRecords(of, first.check).bytes]));
}

function stateOf(bytes: Uint8Array): JournalState {
  const state = new JournalState();
  for (const record of parseJournal(bytes).records) state.apply(record);
  return state;
}

function textOf(state: JournalState): string {
  return JSON.stringify(state.status);
}

/** Changes the content of a line and makes all checksums right again: what comes through must be refused for what it says. */
function resealed(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const lines = Buffer.from(bytes)
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => line.slice(18));
  const contents = lines.map((json) => {
    try {
      return JSON.parse(json) as unknown;
    } catch {
      return json;
    }
  });
  const at = random.below(contents.length + 1);
  const other = random.pick([...contents, null, 5, {}, { type: "journal", version: random.below(9) }]);
  const changed = random.chance(0.5) ? other : spoilField(contents[at], random);
  contents.splice(at, random.below(2), changed);
  return Uint8Array.from(encodeRecords(contents as never, 0).bytes);
}

function spoilField(value: unknown, random: SeededRandom): unknown {
  if (typeof value !== "object" || value === null) return random.pick([null, -1, 2 ** 53, "", "x", [], true]);
  const copy: Record<string, unknown> = { ...value };
  const key = random.pick([...Object.keys(copy), "more"]);
  copy[key] = spoilField(copy[key], random);
  if (random.chance(0.1)) delete copy[key];
  return copy;
}
