import { expect, it } from "vitest";
import { BufferPool } from "../../src/fops/buffer-pool.js";

it("gives a buffer of the size asked for, and the same one again when it came back", () => {
  const pool = new BufferPool(1_000_000);
  const first = pool.take(5_000);
  expect(first).toHaveLength(5_000);
  pool.give(first.subarray(0, 17));
  expect(pool.keptBytes).toBe(8_192);
  const second = pool.take(8_192);
  expect(second.buffer).toBe(first.buffer);
  expect([second.length, pool.keptBytes]).toEqual([8_192, 0]);
  expect(pool.take(5_000).buffer).not.toBe(first.buffer);
});

it("keeps no more than its bound, no small buffer and none that is not its own", () => {
  const pool = new BufferPool(10_000);
  pool.give(pool.take(100));
  pool.give(new Uint8Array(5_000));
  pool.give(new Uint8Array(8_192).subarray(8));
  pool.give(pool.take(8_192).subarray(8));
  expect(pool.keptBytes).toBe(0);
  const [one, two] = [pool.take(8_000), pool.take(8_000)];
  pool.give(one);
  pool.give(two);
  expect(pool.keptBytes).toBe(8_192);
  expect(pool.take(0)).toHaveLength(0);
});

it("begins a buffer well within a page, where memory begins 16 bytes into one: there copies from files are slow", () => {
  const pool = new BufferPool(1_000_000);
  const first = pool.take(1_000_000);
  pool.give(first);
  for (const buffer of [first, pool.take(900_000)]) {
    expect((16 + buffer.byteOffset) % 4_096).toBeGreaterThanOrEqual(64);
    expect((16 + buffer.byteOffset) % 4_096).toBeLessThanOrEqual(4_032);
  }
});
