import type { FileOperation, History, PowerCut } from "./history.js";
import { formatHistory } from "./history.js";
import { firstUnexplained, type Model, type Operation, TooHard } from "./linearizability.js";
import { type RegisterAction, registerModel, type SizeAction, sizeModel } from "./register-model.js";

/** Stands for every value that was written and never read. */
const UNSEEN = -1;

/** What a file was before anybody used it. */
export interface FileBefore {
  readonly name: string;
  readonly blocks: number;
  /** What was in each of them. */
  readonly value: number;
}

/** An answer that no order of what happened explains. */
export interface Unexplained {
  readonly file: string;
  readonly text: string;
}

/** Judges every block, the size and the name of a file against what all clients were told. */
export function judgeFile(history: History, file: FileBefore): Unexplained | undefined {
  const own = history.operations.filter((operation) => operation.file === file.name);
  // A file that a client removed may come back, as it was or older, when a flip was left undecided: nothing is promised of it.
  const removedAt = own.find(
    ({ type, name, outcome }) => type === "name" && name === undefined && outcome !== "refused",
  );
  const operations = own.filter(
    ({ end, type }) => removedAt === undefined || end < removedAt.call || type !== "read",
  );
  const cuts = history.powerCuts.filter((cut) => cut.file === file.name);
  const effective = operations.filter(({ outcome }) => outcome !== "refused");
  const blocksMax = effective.reduce(
    (most, { to, type }) => (type === "truncate" ? most : Math.max(most, to)),
    file.blocks,
  );
  for (let block = 0; block < blocksMax; block += 1) {
    const initial = block < file.blocks ? file.value : 0;
    const found = judgeBlock(history, effective, cuts, block, initial);
    if (found !== undefined) return { file: file.name, text: `block ${block}: ${found}` };
  }
  const size = judgeSize(history, effective, cuts, file.blocks * history.blockBytes);
  return size === undefined ? undefined : { file: file.name, text: `size: ${size}` };
}

function judgeBlock(
  history: History,
  operations: readonly FileOperation[],
  cuts: readonly PowerCut[],
  block: number,
  initial: number,
): string | undefined {
  const touching = operations.filter((operation) => touches(operation, block));
  const seen = new Set([0, initial]);
  for (const { type, values, from } of touching) {
    if (type === "read" && values !== undefined) seen.add(values[block - from] ?? 0);
  }
  // A write without answer whose value nobody ever saw explains nothing: it may be taken for not made.
  const relevant = touching.filter(
    ({ type, outcome, value }) => type !== "write" || outcome === "done" || seen.has(value),
  );
  const register: Operation<RegisterAction>[] = [];
  for (const operation of relevant) {
    if (operation.type === "read" && operation.outcome !== "done") continue;
    register.push({ call: operation.call, end: operation.end, action: actionOn(operation, block, seen) });
  }
  for (const { at, brick } of cuts)
    register.push({ call: at, end: at, action: { type: "power-cut", brick } });
  for (const { type, outcome, call, end } of cuts.length > 0 ? operations : []) {
    if (type === "sync" && outcome === "done") register.push({ call, end, action: { type: "sync" } });
  }
  if (register.length === 0) return undefined;
  const stuck = stuckOn(history, registerModel(initial, cuts.length > 0), register);
  if (stuck === undefined) return undefined;
  return `began with ${initial}; nothing explains one of ${JSON.stringify(stuck.map(({ action }) => action))}\n${formatHistory(relevant)}`;
}

/** Counts what is too hard to judge, and lets it pass. */
function stuckOn<S, A>(history: History, model: Model<S, A>, operations: readonly Operation<A>[]) {
  try {
    return firstUnexplained(model, operations);
  } catch (error) {
    if (!(error instanceof TooHard)) throw error;
    history.unjudged += 1;
    return undefined;
  }
}

function touches({ type, from, to }: FileOperation, block: number): boolean {
  if (type === "truncate") return block >= from;
  return (type === "write" || type === "read") && block >= from && block < to;
}

/** Values that nobody saw are as good as one: that keeps what has to be searched small. */
function actionOn(
  { type, value, values, from, brick }: FileOperation,
  block: number,
  seen: ReadonlySet<number>,
): RegisterAction {
  if (type === "read") return { type: "read", value: values?.[block - from] ?? 0 };
  const written = type === "truncate" ? 0 : value;
  return { type: "write", value: seen.has(written) ? written : UNSEEN, brick };
}

function judgeSize(
  history: History,
  operations: readonly FileOperation[],
  cuts: readonly PowerCut[],
  initial: number,
): string | undefined {
  const { blockBytes } = history;
  const sizes: Operation<SizeAction>[] = [];
  const isCut = operations.some(({ type }) => type === "truncate") || cuts.length > 0;
  for (const { type, from, to, call, end, sizeBytes, outcome } of operations) {
    if (type === "truncate") sizes.push({ call, end, action: { type: "set", bytes: from * blockBytes } });
    // While nobody cuts it, a write within the size says nothing about it.
    else if (type === "write" && (isCut || to * blockBytes > initial)) {
      // A file system writes page by page: others see the file grow, and one who is killed, or has no room, leaves a part.
      for (let last = history.growsByBlock ? from + 1 : to; last <= to; last += 1)
        sizes.push({ call, end, action: { type: "at-least", bytes: last * blockBytes } });
    } else if (type === "read" && outcome === "done" && sizeBytes !== undefined) {
      sizes.push({ call, end, action: { type: "read", bytes: sizeBytes } });
    }
  }
  for (const { at, sizeBytes } of cuts)
    sizes.push({ call: at, end: at, action: { type: "set", bytes: sizeBytes } });
  const stuck = stuckOn(history, sizeModel(initial), sizes);
  if (stuck === undefined) return undefined;
  const relevant = operations.filter(({ type }) => type !== "sync");
  return `began with ${initial}; nothing explains one of ${JSON.stringify(stuck.map(({ action }) => action))}\n${formatHistory(relevant)}`;
}
