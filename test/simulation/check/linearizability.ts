/** One operation on one object, between the moment it was called and the moment its answer was known. */
export interface Operation<A> {
  readonly call: number;
  /** `Infinity` when nobody knows whether it was carried out: then it may take effect at any time after its call, or never. */
  readonly end: number;
  readonly action: A;
}

/** A sequential object: what an action does to its state, and whether it may. */
export interface Model<S, A> {
  readonly initial: S;
  /** The states that `action` may leave; none when its answer cannot be had in `state`. */
  next(state: S, action: A): readonly S[];
  /** Whether an action changes no state: then it can come as soon as its answer is right. */
  isRead(action: A): boolean;
  /** A text that is equal for equal states. */
  key(state: S): string;
}

/** Steps after which a history is given up as too hard: a simulated one needs a few thousand. */
const STEPS_MAX = 300_000;

/** A history that was not judged: what is known of it explains nothing and forbids nothing. */
export class TooHard extends Error {}

/**
 * Whether there is an order of `operations` that respects who was answered before whom was called, and in which every answer
 * is right. The order is searched; what was tried in vain is remembered by what was done and the state that it left.
 * Source: Wing and Gong 1993, with the memory of Lowe 2016.
 * @returns the operations that no order could get past, or `undefined` when there is an order.
 */
export function firstUnexplained<S, A>(
  model: Model<S, A>,
  operations: readonly Operation<A>[],
): readonly Operation<A>[] | undefined {
  const sorted = operations.toSorted((one, other) => one.call - other.call);
  const done = new Uint8Array(sorted.length);
  const tried = new Set<string>();
  let steps = 0;
  let furthest = -1;
  let stuckOn: readonly Operation<A>[] = [];

  /** Where the search goes on from a state; `undefined` when it was there before. Operations before `first` are all done, none after `last`. */
  const enter = (
    state: S,
    first: number,
    left: number,
    placed: number,
    last: number,
  ): Branch<S> | undefined => {
    steps += 1;
    if (steps > STEPS_MAX) throw new TooHard(`a history of ${sorted.length} operations is too hard to judge`);
    const key = `${first}:${done.subarray(first, last + 1).join("")}:${model.key(state)}`;
    if (tried.has(key)) return undefined;
    tried.add(key);
    const open = candidates(sorted, done, first);
    const isAnswered = (index: number) => {
      const { action } = sorted[index] as Operation<A>;
      return model.isRead(action) && model.next(state, action).length > 0;
    };
    const free = open.find(isAnswered);
    const choices = (free === undefined ? open : [free]).flatMap((index) => {
      const operation = sorted[index] as Operation<A>;
      return model
        .next(state, operation.action)
        .filter((next) => !isUnknown(operation) || model.key(next) !== model.key(state))
        .map((next) => ({ index, next }));
    });
    return { first, left, placed, last, open, choices };
  };
  /** Goes on from branch to branch, and back where one has no way on. A history may be longer than a stack of calls is deep. */
  const search = (left: number): boolean => {
    if (left === 0) return true;
    const path: Branch<S>[] = [];
    const begin = enter(model.initial, 0, left, -1, -1);
    if (begin !== undefined) path.push(begin);
    for (let branch = path.at(-1); branch !== undefined; branch = path.at(-1)) {
      const choice = branch.choices.shift();
      if (choice === undefined) {
        if (branch.first > furthest) {
          furthest = branch.first;
          stuckOn = branch.open.map((index) => sorted[index] as Operation<A>);
        }
        path.pop();
        if (branch.placed >= 0) done[branch.placed] = 0;
        continue;
      }
      const { index, next } = choice;
      done[index] = 1;
      let first = branch.first;
      while (first < sorted.length && done[first] === 1) first += 1;
      const rest = isUnknown(sorted[index] as Operation<A>) ? branch.left : branch.left - 1;
      if (rest === 0) return true;
      const entered = enter(next, first, rest, index, Math.max(branch.last, index));
      if (entered === undefined) done[index] = 0;
      else path.push(entered);
    }
    return false;
  };
  const needed = sorted.filter((operation) => !isUnknown(operation)).length;
  return search(needed) ? undefined : stuckOn;
}

/** A state that the search is in, with the ways on from it that were not tried. */
interface Branch<S> {
  readonly first: number;
  /** Operations that must still be placed. */
  readonly left: number;
  /** The operation that led here; -1 at the beginning. */
  readonly placed: number;
  /** The last operation, by the time of its call, that is done. */
  readonly last: number;
  readonly open: readonly number[];
  /** What nobody knows to have happened, and changes nothing, is none: it need not have happened. */
  readonly choices: { readonly index: number; readonly next: S }[];
}

function isUnknown<A>(operation: Operation<A>): boolean {
  return operation.end === Number.POSITIVE_INFINITY;
}

/** What may come next: whatever was called before the first answer among those that are left. */
function candidates<A>(sorted: readonly Operation<A>[], done: Uint8Array, first: number): number[] {
  let firstEnd = Number.POSITIVE_INFINITY;
  const found: number[] = [];
  for (let index = first; index < sorted.length; index += 1) {
    const operation = sorted[index] as Operation<A>;
    if (operation.call > firstEnd) break;
    if (done[index] === 1) continue;
    found.push(index);
    firstEnd = Math.min(firstEnd, operation.end);
  }
  return found.filter((index) => (sorted[index] as Operation<A>).call <= firstEnd);
}
