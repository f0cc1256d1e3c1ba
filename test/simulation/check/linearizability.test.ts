import { seededRandom } from "@brickshift/testkit";
import { describe, expect, it } from "vitest";
import { firstUnexplained, type Operation } from "./linearizability.js";
import { type RegisterAction, registerModel } from "./register-model.js";

const never = Number.POSITIVE_INFINITY;
const write = (call: number, end: number, value: number): Operation<RegisterAction> => ({
  call,
  end,
  action: { type: "write", value, brick: "b0" },
});
const read = (call: number, end: number, value: number): Operation<RegisterAction> => ({
  call,
  end,
  action: { type: "read", value },
});
const isExplained = (...operations: Operation<RegisterAction>[]) =>
  firstUnexplained(
    registerModel(
      0,
      operations.some(({ action }) => action.type === "power-cut"),
    ),
    operations,
  ) === undefined;

describe("histories that are right", () => {
  it.each([
    ["nothing happened", []],
    ["the first value is read", [read(1, 2, 0)]],
    ["what was written is read", [write(1, 2, 7), read(3, 4, 7)]],
    ["a read beside a write sees the old", [write(1, 4, 7), read(2, 3, 0)]],
    ["a read beside a write sees the new", [write(1, 4, 7), read(2, 3, 7)]],
    ["of two writes at once either is last", [write(1, 4, 7), write(2, 3, 8), read(5, 6, 7), read(7, 8, 7)]],
    [
      "a write without answer takes effect late",
      [write(1, never, 7), read(2, 3, 0), read(4, 5, 7), read(6, 7, 7)],
    ],
    ["a write without answer never takes effect", [write(1, never, 7), read(2, 3, 0), read(4, 5, 0)]],
    [
      "a write without answer lands on a later one",
      [write(1, never, 7), write(2, 3, 8), read(4, 5, 8), read(6, 7, 7)],
    ],
    ["the same value twice", [write(1, 2, 7), write(3, 4, 0), read(5, 6, 0), write(7, 8, 7), read(9, 10, 7)]],
  ])("%s", (_, operations) => {
    expect(isExplained(...operations)).toBe(true);
  });
});

describe("histories that are wrong", () => {
  it.each([
    ["an acknowledged write is lost", [write(1, 2, 7), read(3, 4, 0)]],
    ["a read goes back in time", [write(1, 6, 7), read(2, 3, 7), read(4, 5, 0)]],
    ["an overwritten value comes back", [write(1, 2, 7), write(3, 4, 8), read(5, 6, 7)]],
    ["a value nobody wrote", [write(1, 2, 7), read(3, 4, 9)]],
    ["a value before it was written", [read(1, 2, 7), write(3, 4, 7)]],
    [
      "two readers disagree about the order of two writes",
      [write(1, 4, 7), write(2, 3, 8), read(5, 6, 7), read(7, 8, 8)],
    ],
    ["a write without answer is undone", [write(1, never, 7), read(2, 3, 7), read(4, 5, 0)]],
    [
      "a late landing that flips twice",
      [write(1, 2, 7), write(3, 4, 8), read(5, 6, 8), read(7, 8, 7), read(9, 10, 8)],
    ],
  ])("%s", (_, operations) => {
    expect(isExplained(...operations)).toBe(false);
  });

  it("tells on what it is stuck", () => {
    const lost = read(5, 6, 0);
    expect(firstUnexplained(registerModel(0, false), [write(1, 2, 7), write(3, 4, 8), lost])).toEqual([lost]);
  });
});

describe("power cuts", () => {
  const cut = (at: number, brick = "b0"): Operation<RegisterAction> => ({
    call: at,
    end: at,
    action: { type: "power-cut", brick },
  });
  const sync = (call: number, end: number): Operation<RegisterAction> => ({
    call,
    end,
    action: { type: "sync" },
  });

  it("may take back what was not synced", () => {
    expect(isExplained(write(1, 2, 7), cut(3), read(4, 5, 0))).toBe(true);
    expect(isExplained(write(1, 2, 7), cut(3), read(4, 5, 7))).toBe(true);
    expect(isExplained(write(1, 2, 7), sync(3, 4), write(5, 6, 8), cut(7), read(8, 9, 7))).toBe(true);
    expect(isExplained(write(1, 2, 7), cut(3), sync(4, 5), write(6, 7, 8), cut(8), read(9, 10, 0))).toBe(
      true,
    );
  });

  it("may not take back what was synced, nor give back what they took", () => {
    expect(isExplained(write(1, 2, 7), sync(3, 4), cut(5), read(6, 7, 0))).toBe(false);
    expect(isExplained(write(1, 2, 7), cut(3), read(4, 5, 0), read(6, 7, 7))).toBe(false);
  });

  it("of one brick takes nothing back that came from the other", () => {
    const there: Operation<RegisterAction> = {
      call: 5,
      end: 6,
      action: { type: "write", value: 8, brick: "b1" },
    };
    expect(isExplained(write(1, 2, 7), cut(3, "b1"), read(4, 5, 0))).toBe(false);
    expect(isExplained(write(1, 2, 7), there, cut(7, "b1"), read(8, 9, 7))).toBe(true);
    expect(isExplained(write(1, 2, 7), there, cut(7, "b1"), read(8, 9, 0))).toBe(false);
    expect(isExplained(write(1, 2, 7), there, cut(7, "b0"), read(8, 9, 7))).toBe(false);
  });
});

/** Plays a register with writers at once, each answered some time after its moment, and may spoil one answer. */
function played(seed: number, spoil: boolean): Operation<RegisterAction>[] {
  const random = seededRandom(seed);
  const operations: Operation<RegisterAction>[] = [];
  let value = 0;
  for (let moment = 10; moment < 300; moment += 10) {
    const call = moment - 1 - random.below(25);
    const end = random.chance(0.1) ? never : moment + 1 + random.below(25);
    if (random.chance(0.5)) {
      value = moment;
      operations.push(write(call, end, value));
    } else if (end !== never) operations.push(read(call, end, value));
  }
  operations.push(read(400, 401, spoil ? -1 : value));
  return operations;
}

it("explains every history of a register that was played, and none with a spoilt answer", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    expect({ seed, right: isExplained(...played(seed, false)) }).toEqual({ seed, right: true });
    expect({ seed, right: isExplained(...played(seed, true)) }).toEqual({ seed, right: false });
  }
});

it("judges a history that is longer than a stack is deep", () => {
  const operations = Array.from({ length: 30_000 }, (_, index) => {
    const call = 10 * index;
    return index % 2 === 0 ? write(call, call + 5, index) : read(call, call + 5, index - 1);
  });
  expect(isExplained(...operations)).toBe(true);
  expect(isExplained(...operations, read(400_000, 400_001, 7))).toBe(false);
});
