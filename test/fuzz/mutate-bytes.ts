import type { SeededRandom } from "@brickshift/testkit";

const integers = [
  0, 1, 2, 4, 16, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
/** Longest input that mutations make, in bytes. */
const INPUT_BYTES_MAX = 16_384;

/** Spoils an input in one to four ways, with parts of others and with words that it may be made of. */
export function mutateBytes(
  bytes: Uint8Array,
  random: SeededRandom,
  others: readonly Uint8Array[],
  words: readonly (string | Uint8Array)[],
): Uint8Array {
  let spoilt: Uint8Array = Uint8Array.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    spoilt = mutateOnce(spoilt, random, others, words).subarray(0, INPUT_BYTES_MAX);
  }
  return Uint8Array.from(spoilt);
}

function mutateOnce(
  bytes: Uint8Array,
  random: SeededRandom,
  others: readonly Uint8Array[],
  words: readonly (string | Uint8Array)[],
): Uint8Array {
  const at = random.below(bytes.length + 1);
  const splice = (removed: number, ...added: readonly Uint8Array[]) =>
    Uint8Array.from(Buffer.concat([bytes.subarray(0, at), ...added, bytes.subarray(at + removed)]));
  switch (random.below(10)) {
    case 0:
      return at < bytes.length ? splice(1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8)))) : bytes;
    case 1:
      return splice(1, random.bytes(1));
    case 2: {
      const word = new Uint8Array(4);
      new DataView(word.buffer).setUint32(0, random.pick(integers), random.chance(0.2));
      return splice(4, word);
    }
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return splice(0, random.bytes(random.below(9)));
    case 5:
      return splice(1 + random.below(16));
    case 6: {
      const other = others.length === 0 ? bytes : random.pick(others);
      const from = random.below(other.length + 1);
      return splice(random.below(64), other.subarray(from, from + random.below(1_024)));
    }
    case 7: {
      if (words.length === 0) return splice(0, random.bytes(4));
      const word = random.pick(words);
      return splice(
        random.chance(0.5) ? 0 : word.length,
        typeof word === "string" ? Buffer.from(word) : word,
      );
    }
    case 8:
      // A decimal number becomes another one.
      return splice(
        1 + random.below(3),
        Buffer.from(String(random.pick(integers) * (random.chance(0.2) ? -1 : 1))),
      );
    default: {
      const part = bytes.subarray(at, at + 1 + random.below(64));
      return splice(0, ...Array.from({ length: 1 + random.below(8) }, () => part));
    }
  }
}
