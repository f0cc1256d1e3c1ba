import { expect, it } from "vitest";
import { killPoints } from "./kill-points.js";
import { POINTS_PER_ROUND, roundPlanOf } from "./round-plan.js";

const roundsForAll = Math.ceil(killPoints.length / POINTS_PER_ROUND);

it("comes by every kill point in the fewest rounds", () => {
  const labels = new Set<string>();
  for (let round = 0; round < roundsForAll; round += 1) {
    for (const { label } of roundPlanOf(2 * round, true).points) labels.add(label);
  }
  expect(labels).toEqual(new Set(killPoints.map(({ label }) => label)));
  expect(labels.size).toBe(killPoints.length);
});

it.each(["prepare", "commit", "publish", "abort", "target"])(
  "has every moment of %s, for everybody",
  (step) => {
    for (const moment of ["asked", "sent", "answered", "told"]) {
      const victims = killPoints
        .filter(({ label }) => label.startsWith(`migration-${step} `) && label.includes(`, ${moment}: `))
        .map(({ label }) => / of the (\w+)/.exec(label)?.[1]);
      expect(victims).toEqual(expect.arrayContaining(["runner", "source", "destination"]));
    }
  },
);

it("chooses the same again for the same seed, and other things for another one", () => {
  for (const seed of [1, 3, 5, 7]) expect(roundPlanOf(seed, true)).toEqual(roundPlanOf(seed, true));
  expect(roundPlanOf(1, true).points).not.toEqual(roundPlanOf(3, true).points);
});

it("fills no disk where none can be mounted", () => {
  for (let seed = 1; seed < 60; seed += 2) {
    const { disk, points } = roundPlanOf(seed, false);
    expect({ disk, full: points.filter(({ act }) => act.type === "full") }).toEqual({
      disk: "usual",
      full: [],
    });
  }
});
