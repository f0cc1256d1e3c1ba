/** A repeatable source of chance for simulations. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** True in `per` of 1 cases, `per` in [0, 1]. */
  chance(per: number): boolean;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/**
 * Random numbers from a 32-bit seed; equal seeds give equal sequences on every machine.
 * Source: mulberry32, a public-domain generator by Tommy Ettinger.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error("nothing to pick from");
      return items[below(items.length)] as T;
    },
    chance: (per) => next() < per,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
