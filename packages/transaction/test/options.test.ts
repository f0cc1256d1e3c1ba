import { expect, it } from "vitest";
import { transactionOptions, type TransactionOptionsInput } from "../src/index.js";

/** Room for every option to have the value that is tried. */
const room = {
  chunkBytes: 1,
  chunkBytesMax: 67_108_864,
  windowMin: 1,
  windowStart: 1,
  windowMax: 1_024,
  backoffMs: 0,
  backoffMaxMs: 600_000,
};

it.each([
  ["chunkBytes", 1, 67_108_864, {}],
  ["chunkBytesMax", 1, 67_108_864, {}],
  ["windowMax", 1, 1_024, {}],
  ["windowStart", 1, 1_024, {}],
  ["windowMin", 1, 1_024, { windowStart: 1_024 }],
  ["leaseWindowsMax", 1, 65_536, {}],
  ["replaysMax", 0, 10_000, {}],
  ["passesMax", 1, 1_000, {}],
  ["finalBytesMax", 0, Number.MAX_SAFE_INTEGER, {}],
  ["finalExtentsMax", 1, Number.MAX_SAFE_INTEGER, {}],
  ["backoffMs", 0, 60_000, {}],
  ["backoffMaxMs", 0, 600_000, {}],
  ["exclusiveHoldMs", 0, 600_000, {}],
  ["extentsMax", 1, 1_048_576, {}],
  ["regionsMax", 1, 65_536, {}],
] as const)("takes %s from %i to %i, and nothing beyond", (name, least, most, beside) => {
  const parse = (value: number) =>
    transactionOptions.safeParse({ ...room, ...beside, [name]: value }).success;
  expect([least - 1, least, most, most + 1].map(parse)).toEqual([false, true, true, false]);
  expect(parse(least + 0.5)).toBe(false);
});

it.each([
  [{ chunkBytes: 2, chunkBytesMax: 1 }, "chunkBytesMax", "chunkBytesMax must not be less than chunkBytes"],
  [{ windowMin: 2, windowStart: 1 }, "windowMin", "windowMin must not exceed windowStart"],
  [{ windowStart: 2, windowMax: 1 }, "windowStart", "windowStart must not exceed windowMax"],
  [{ backoffMs: 2, backoffMaxMs: 1 }, "backoffMs", "backoffMs must not exceed backoffMaxMs"],
] satisfies [TransactionOptionsInput, string, string][])(
  "says of %o what is wrong with it",
  (options, name, message) => {
    const { error } = transactionOptions.safeParse({ ...room, ...options });
    expect(error?.issues).toMatchObject([{ path: [name], message }]);
  },
);
