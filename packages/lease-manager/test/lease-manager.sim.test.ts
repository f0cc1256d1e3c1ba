import { expect, it } from "vitest";
import { LeaseWalk } from "./lease-walk.js";

const seeds = Array.from({ length: Number(process.env["SIM_SEEDS"] ?? 8) }, (_, index) => index + 1);

// A walk is worth nothing if it did not get where it is hard.
const hard = [
  "recall during drain",
  "revoke with blocked fops",
  "revoke: recall-timeout",
  "revoke: admin",
  "revoke: disconnect",
  "disconnect of a holder with fops blocked",
  "disconnect of a blocked client",
  "request behind blocked fops",
  "granted again",
  "extents coarsened",
  "extents unknown",
  "extents known",
  "would-block",
  "resume",
  "reject",
  "drop",
  "LEASE_REVOKED",
  "LEASE_BACKLOG_FULL",
  "LEASE_LIMIT",
  "LEASE_ID_IN_USE",
  "LEASE_NOT_HELD",
];

it.each(seeds)("keeps its promises through a random walk, seed %i", (seed) => {
  const walk = new LeaseWalk(seed);
  for (let step = 0; step < 30_000; step += 1) walk.step();
  walk.end();
  expect(hard.filter((what) => !walk.reached.has(what))).toEqual([]);
});
