import { seededRandom } from "@brickshift/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeBody, decodeMessage, WireError } from "../src/index.js";
import { layoutOf } from "./support/codecs.js";
import { feed, fuzzInput, fuzzTargets, likelyInput } from "./support/fuzz.js";
import { toHex, type Vector, vectors } from "./support/vectors.js";

const inputs = Number(process.env["WIRE_FUZZ_INPUTS"] ?? 30_000);
const seed = Number(process.env["WIRE_FUZZ_SEED"] ?? 20_261_123);
/** 100 µs for each input, some twenty times what it takes. */
const timeoutMs = 60_000 + inputs / 10;

// Making stack traces would take most of the time.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("any bytes", () => {
  it(
    `become a bounded value or a WireError in every decoder, ${inputs} inputs, seed ${seed}`,
    () => {
      const random = seededRandom(seed);
      const outcomes = { refused: 0, decoded: 0 };
      const decodedBy = new Set<string>();
      for (let index = 0; index < inputs; index += 1) {
        const target = random.pick(fuzzTargets);
        const bytes = random.chance(0.6) ? likelyInput(target, random) : fuzzInput(random);
        try {
          const outcome = feed(target, bytes);
          outcomes[outcome] += 1;
          if (outcome === "decoded") decodedBy.add(target.name);
        } catch (error) {
          throw new Error(`seed ${seed}, input ${index}: ${target.name} with ${toHex(bytes)}`, {
            cause: error,
          });
        }
      }
      // Worth nothing if the inputs were refused at the door, or never.
      expect(outcomes.refused).toBeGreaterThan(inputs / 10);
      expect(outcomes.decoded).toBeGreaterThan(inputs / 10);
      expect(decodedBy.size).toBeGreaterThan(fuzzTargets.length * 0.8);
    },
    timeoutMs,
  );
});

describe("a recorded message", () => {
  // Neither a body that no peer could read, nor one of a procedure that nobody has.
  const whole = vectors.filter(
    ({ program, version, procedure, body }) =>
      body !== null && layoutOf(program, version, procedure) !== undefined,
  );
  const decode = (record: Uint8Array, { program, version, procedure }: Vector) => {
    const message = decodeMessage(record);
    const layout = layoutOf(program, version, procedure)!;
    return decodeBody<unknown>(message.kind === "call" ? layout.request : layout.reply, message.body);
  };
  const refuses = (record: Uint8Array, recorded: Vector) => {
    try {
      decode(record, recorded);
      return false;
    } catch (error) {
      return error instanceof WireError && error.fault === "peer";
    }
  };

  it("is refused when cut off, at every length", () => {
    let cuts = 0;
    const accepted: string[] = [];
    for (const recorded of whole) {
      for (let length = 0; length < Math.min(recorded.record.length, 4_096); length += 1) {
        if (!refuses(recorded.record.subarray(0, length), recorded))
          accepted.push(`${recorded.name} at ${length}`);
        cuts += 1;
      }
    }
    expect(accepted).toEqual([]);
    expect(cuts).toBeGreaterThan(50_000);
  });

  it("is refused when a byte follows it", () => {
    const accepted = whole.filter((recorded) => !refuses(Uint8Array.of(...recorded.record, 0), recorded));
    expect(accepted.map(({ name }) => name)).toEqual([]);
    expect(whole.length).toBeGreaterThan(350);
  });
});
