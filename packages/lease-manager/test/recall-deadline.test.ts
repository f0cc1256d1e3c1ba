import { seededRandom } from "@brickshift/testkit";
import type { ClientUid, Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { leaseOptions } from "../src/index.js";
import { ENDED, Lease } from "../src/lease.js";
import { extendRecall, RecallDeadlines, startRecall } from "../src/recall-deadline.js";
import { leaseIdOf } from "./lease-scene.js";

const newLease = (n: number) => new Lease(leaseIdOf(`${n}`), "a" as ClientUid, "f" as Gfid, "data");

const deadlineOf = (lease: Lease) => lease.recall?.deadlineMs ?? Infinity;

it.each([1, 2, 3])("always knows the next deadline, seed %i", (seed) => {
  const random = seededRandom(seed);
  const deadlines = new RecallDeadlines();
  const live = new Set<Lease>();
  let [ended, extended] = [0, 0];
  for (let nowMs = 0; nowMs < 3_000; nowMs += 1) {
    const options = leaseOptions.parse({ recallTimeoutMs: 1 + random.below(300), recallCapMs: 1_000 });
    const lease = newLease(nowMs);
    startRecall(lease, options, nowMs);
    deadlines.add(lease);
    live.add(lease);
    const other = random.pick([...live]);
    if (random.chance(0.5)) {
      other.grant = ENDED;
      live.delete(other);
      ended += 1;
    } else if (other.recall !== undefined) {
      const before = other.recall.deadlineMs;
      extendRecall(other.recall, leaseOptions.parse({ recallProgressMs: 200, recallCapMs: 1_000 }), nowMs);
      if (other.recall.deadlineMs > before) extended += 1;
    }
    const expected = [...live].map(deadlineOf).sort((a, b) => a - b);
    expect(deadlines.nextMs()).toBe(expected[0]);
    const due = deadlines.takeDue(nowMs);
    expect(due.map(deadlineOf)).toEqual(expected.filter((atMs) => atMs <= nowMs));
    for (const lease of due) live.delete(lease);
    expect(deadlines.size).toBeLessThanOrEqual(Math.max(64, live.size * 2 + 64));
  }
  expect(ended).toBeGreaterThan(100);
  expect(extended).toBeGreaterThan(100);
});
