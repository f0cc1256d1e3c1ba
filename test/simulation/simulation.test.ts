import { describe, expect, it } from "vitest";
import { runScenario } from "./run-scenario.js";
import { type Mode, scenarioOf } from "./scenario.js";
import { cutScenario, NO_CUTS } from "./shrink.js";

it.each(["safety", "liveness"] as const)(
  "keeps every promise under the first seeds, in mode %s",
  async (mode) => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const { violations } = await runScenario(scenarioOf(seed, mode));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  },
);

it("does the same again with the same seed, to the last record", async () => {
  const play = async () => {
    const lines: string[] = [];
    const { digest } = await runScenario(scenarioOf(3, "liveness"), (line) => lines.push(line));
    return { digest, lines };
  };
  const [one, other] = [await play(), await play()];
  expect(one.lines.length).toBeGreaterThan(500);
  expect(other).toEqual(one);
});

it("does the same to what is left when a part is left out that never happened", async () => {
  const scenario = scenarioOf(3, "safety");
  const late = {
    ...scenario,
    faults: [...scenario.faults, { ...scenario.faults[0], name: "late" }],
  } as typeof scenario;
  const never = late.faults.map((fault) =>
    fault.name === "late" ? { ...fault, trigger: { ...fault.trigger, nth: 1_000_000 } } : fault,
  );
  const [one, other] = [await runScenario(scenario), await runScenario({ ...scenario, faults: never })];
  expect(other.digest).toBe(one.digest);
});

describe("what a seed may bring", () => {
  const reached = async (seed: number, mode: Mode) => {
    const { violations, marks } = await runScenario(scenarioOf(seed, mode));
    expect(violations).toEqual([]);
    return marks.counts;
  };

  it("is a file of which only the destination knows, found without a journal", async () => {
    const counts = await reached(21, "liveness");
    expect(counts.get("only-copy-found")).toBeGreaterThan(0);
  });

  it("is a client that tries to take the leases of others, and gets nothing by it", async () => {
    const counts = await reached(105, "safety");
    expect(counts.get("theft-of-use-refused")).toBeGreaterThan(0);
    expect(counts.get("theft-by-unlock-refused")).toBeGreaterThan(0);
  });
});

describe("seeds that have failed once", () => {
  it.each<[number, Mode, string]>([
    [44, "safety", "the destination lost power while a file was copied to it"],
    [
      784,
      "safety",
      "a fop ended on the record of an inode that was given up, and took the leases of the next one",
    ],
    [817, "safety", "a link file was published between the look at it and its removal"],
    [100_967, "safety", "an earlier takeover of a target emptied it when a later one had filled it"],
    [116_198, "liveness", "the removal of an earlier target took the data of the next one"],
    [116_074, "safety", "a lease ended with a file without name, which was closed"],
    [101_970, "liveness", "a lease ended with the object that its own runner removed"],
    [162, "liveness", "a late request made another target in place of one that a client had removed"],
  ])("%i in mode %s: %s", async (seed, mode) => {
    expect((await runScenario(cutScenario(seed, mode, NO_CUTS))).violations).toEqual([]);
  });
});
