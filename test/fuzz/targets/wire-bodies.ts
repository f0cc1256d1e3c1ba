import { feed, fuzzTargets } from "../../../packages/wire/test/support/fuzz.js";
import { layoutOf } from "../../../packages/wire/test/support/codecs.js";
import { vectors } from "../../../packages/wire/test/support/vectors.js";
import { decodeMessage, type RpcMessage } from "@brickshift/wire";
import type { SeededRandom } from "@brickshift/testkit";
import type { FuzzTarget } from "../target.js";

const decoders = new Map(fuzzTargets.map((decoder) => [decoder.name, decoder]));
const names = [...decoders.keys()];

/** Every decoder of `@brickshift/wire`: an input is the name of one, a line feed, and what it is to decode. */
export const wireBodies: FuzzTarget = {
  name: "wire bodies",
  holds:
    "the body of any call, reply or callback becomes a value no larger than its bytes, which is written again as it was read, or a WireError that blames the peer",
  corpus: "packages/wire/test/corpus/bodies",
  seeds: () =>
    vectors.flatMap(({ record, program, version, procedure }) => {
      const message = messageOf(record);
      if (message === undefined || layoutOf(program, version, procedure) === undefined) return [];
      const suffix = message.kind === "call" ? "request" : "reply";
      return names
        .filter((name) => name.endsWith(suffix) && accepts(name, message.body))
        .slice(0, 2)
        .map((name) => inputOf(name, message.body));
    }),
  mutate(bytes: Uint8Array, random: SeededRandom) {
    const { rest } = parse(bytes);
    return inputOf(random.pick(names), rest);
  },
  run(bytes) {
    const { name, rest } = parse(bytes);
    const decoder = decoders.get(name);
    if (decoder === undefined) return "refused";
    return feed(decoder, rest) === "decoded" ? "accepted" : "refused";
  },
};

/** Some were recorded as what no peer can read. */
function messageOf(record: Uint8Array): RpcMessage | undefined {
  try {
    return decodeMessage(record);
  } catch {
    return undefined;
  }
}

function accepts(name: string, body: Uint8Array): boolean {
  try {
    decoders.get(name)?.decode(body);
    return true;
  } catch {
    return false;
  }
}

function parse(bytes: Uint8Array): { readonly name: string; readonly rest: Uint8Array } {
  const end = bytes.indexOf(0x0a);
  return { name: Buffer.from(bytes.subarray(0, Math.max(0, end))).toString(), rest: bytes.slice(end + 1) };
}

function inputOf(name: string, body: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([Buffer.from(`${name}\n`), body]));
}
