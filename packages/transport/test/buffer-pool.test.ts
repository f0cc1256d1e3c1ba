import { expect, it } from "vitest";
import { BufferPool, POOLED_BYTES_MIN } from "../src/index.js";

const MEBIBYTE = 1_024 * 1_024;

it("lends exactly the bytes asked for and wastes an eighth at most", () => {
  const pool = new BufferPool({ poolBytesMax: 0 });
  for (let bytes = 1; bytes < 40 * MEBIBYTE; bytes = Math.ceil(bytes * 1.37)) {
    const lent = pool.take(bytes);
    expect(lent.length).toBe(bytes);
    expect(lent.buffer.byteLength).toBeLessThanOrEqual(bytes * 1.125 + 8);
  }
});

it("lends a recycled buffer again, for another length of the same class too", () => {
  const pool = new BufferPool({ poolBytesMax: 4 * MEBIBYTE });
  const first = pool.take(MEBIBYTE + 100);
  pool.recycle(first.subarray(5, 20));
  expect(pool.idleBytes).toBe(first.buffer.byteLength);
  const second = pool.take(MEBIBYTE + 4_000);
  expect(second.buffer).toBe(first.buffer);
  expect(second.length).toBe(MEBIBYTE + 4_000);
  expect(pool.idleBytes).toBe(0);
});

it("never lends one buffer twice at a time, though it is recycled twice", () => {
  const pool = new BufferPool({ poolBytesMax: 4 * MEBIBYTE });
  const lent = pool.take(MEBIBYTE);
  pool.recycle(lent);
  pool.recycle(lent);
  expect(pool.take(MEBIBYTE).buffer).not.toBe(pool.take(MEBIBYTE).buffer);
});

it("ignores buffers that are not its own, and small ones", () => {
  const pool = new BufferPool({ poolBytesMax: 4 * MEBIBYTE });
  pool.recycle(new Uint8Array(MEBIBYTE));
  pool.recycle(new BufferPool({ poolBytesMax: 0 }).take(MEBIBYTE));
  pool.recycle(pool.take(POOLED_BYTES_MIN - 1));
  expect(pool.idleBytes).toBe(0);
});

it("keeps no more than its limit", () => {
  const pool = new BufferPool({ poolBytesMax: 3 * MEBIBYTE });
  const lent = Array.from({ length: 10 }, () => pool.take(MEBIBYTE));
  for (const buffer of lent) pool.recycle(buffer);
  expect(pool.idleBytes).toBe(3 * MEBIBYTE);
});

it("forgets a buffer that was transferred away", () => {
  const pool = new BufferPool({ poolBytesMax: 4 * MEBIBYTE });
  const lent = pool.take(MEBIBYTE);
  structuredClone(lent.buffer, { transfer: [lent.buffer as ArrayBuffer] });
  pool.recycle(lent);
  expect(pool.take(MEBIBYTE).length).toBe(MEBIBYTE);
});
