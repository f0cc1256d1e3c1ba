import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCorpus } from "./corpus.js";
import { explore } from "./explore.js";
import { targets } from "./targets.js";

const SEED = Number(process.env["BRICKSHIFT_SEED"] ?? 1);
/** Inputs for each target; those that run a whole brick get fewer. */
const INPUTS = Number(process.env["BRICKSHIFT_FUZZ_INPUTS"] ?? 4_000);
const SLOW = /brick$/;

// Making stack traces would take most of the time.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe.each(targets)("$name: $holds", (target) => {
  it.each([...readCorpus(target)])("so it is with %s", async (_, bytes) => {
    await target.run(bytes);
  });

  const inputsMax = SLOW.test(target.name) ? Math.ceil(INPUTS / 20) : INPUTS;
  it(`so it is with ${inputsMax} spoilt inputs, seed ${SEED}`, async () => {
    const bounds = { seed: SEED, inputsMax, endsAtMs: Infinity, keeps: false };
    const { failures, inputs, accepted, refused } = await explore(target, bounds);
    expect(failures).toEqual([]);
    // Worth nothing if the inputs were refused at the door, or never.
    expect(accepted).toBeGreaterThan(inputs / 200);
    expect(refused).toBeGreaterThan(inputs / 200);
  });
});
