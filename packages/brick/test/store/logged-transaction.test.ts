import { seededRandom } from "@brickshift/testkit";
import { expect, it } from "vitest";
import {
  decodeTransactions,
  encodeTransaction,
  type LoggedTransaction,
} from "../../src/store/disk/logged-transaction.js";

function transaction(number: number, ...texts: string[]): LoggedTransaction {
  const changes = texts.map((text, index) => ({
    key: Buffer.from(text),
    value: index % 2 === 0 ? Buffer.from(`value of ${text} in ${number}`) : undefined,
  }));
  return { number, changes };
}
const log = [transaction(7, "a"), transaction(8, "bb", "c"), transaction(9), transaction(10, "d", "e", "f")];
const bytes = Buffer.concat(log.map(encodeTransaction));
const ends = log.map((_, index) => Buffer.concat(log.slice(0, index + 1).map(encodeTransaction)).length);

it("gives back what was written, with what lies behind it left alone", () => {
  expect(decodeTransactions(bytes)).toEqual(log);
  expect(decodeTransactions(Buffer.concat([bytes, Buffer.alloc(100)]))).toEqual(log);
  expect(decodeTransactions(Buffer.concat([bytes, encodeTransaction(transaction(3, "old"))]))).toEqual(log);
  expect(decodeTransactions(Buffer.alloc(4_096))).toEqual([]);
});

it("gives the whole transactions before the place where the end is missing", () => {
  for (let length = 0; length < bytes.length; length += 1) {
    const whole = ends.filter((end) => end <= length).length;
    expect(decodeTransactions(bytes.subarray(0, length))).toEqual(log.slice(0, whole));
  }
});

it("gives the whole transactions before a byte that is not what was written", () => {
  for (let at = 0; at < bytes.length; at += 1) {
    const torn = Buffer.from(bytes);
    torn[at] = (torn[at] as number) ^ 0x40;
    expect(decodeTransactions(torn)).toEqual(log.slice(0, ends.filter((end) => end <= at).length));
  }
});

it("takes any bytes", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 20_000; round += 1) {
    const any = Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
    // Lengths that are small enough to be believed.
    if (any.length > 4 && random.chance(0.7)) any.writeUInt32LE(random.below(64), 0);
    expect(decodeTransactions(any)).toEqual([]);
  }
});
