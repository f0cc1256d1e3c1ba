import { recordMark } from "../src/index.js";

/** `bytes` bytes that tell their place and the record that they are of. */
export function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + (index >>> 8) + seed * 97) & 0xff);
}

/** A fragment with its mark. */
export function fragment(bytes: Uint8Array, isLast: boolean): Uint8Array {
  const mark = recordMark(bytes.length);
  if (!isLast) mark[0] = (mark[0] ?? 0) & 0x7f;
  return concat([mark, bytes]);
}

/** A record cut into fragments of `sizes` bytes and a last one with the rest. */
export function fragmented(record: Uint8Array, sizes: readonly number[]): Uint8Array {
  let from = 0;
  const parts = sizes.map((size) => {
    const part = fragment(record.subarray(from, from + size), false);
    from += size;
    return part;
  });
  return concat([...parts, fragment(record.subarray(from), true)]);
}

/** All of `parts` in one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whole numbers below a bound, the same for the same seed; `testkit` cannot be imported here. */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
