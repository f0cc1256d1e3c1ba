import { describe, expect, it } from "vitest";
import { healthCheckOptions } from "../../src/health/options.js";
import { StoreHealth } from "../../src/health/store-health.js";
import { StoreError } from "../../src/store/store-error.js";

const options = healthCheckOptions.parse({ intervalMs: 1_000, timeoutMs: 300, retryMs: 100 });
const error = new StoreError("STORE_IO", "no disk");

/** Checks once, from the deadline on, and ends the check at once. */
function check(health: StoreHealth, outcome?: unknown) {
  const atMs = health.deadlineMs ?? Number.NaN;
  expect(health.tick(atMs)).toEqual([{ type: "check" }]);
  return { atMs, effects: health.ended(atMs, outcome) };
}

describe("the health of a store", () => {
  it("is looked at once in an interval, and nothing is told while it is well", () => {
    const health = new StoreHealth(options, 0);
    expect(health.tick(999)).toEqual([]);
    expect(check(health)).toEqual({ atMs: 1_000, effects: [] });
    expect(check(health)).toEqual({ atMs: 2_000, effects: [] });
  });

  it("is told once when it fails, and once when it is well again, which is looked for more often", () => {
    const health = new StoreHealth(options, 0);
    expect(check(health, error).effects).toEqual([{ type: "failed", error }]);
    expect(check(health, error)).toEqual({ atMs: 1_100, effects: [] });
    expect(check(health)).toEqual({ atMs: 1_200, effects: [{ type: "well" }] });
    expect(health.deadlineMs).toBe(2_200);
  });

  it("is bad when a check takes too long, until that very check has ended", () => {
    const health = new StoreHealth(options, 0);
    health.tick(1_000);
    expect(health.tick(1_299)).toEqual([]);
    expect(health.tick(1_300)).toMatchObject([{ type: "failed", error: { code: "STORE_IO" } }]);
    // One check at a time: a store that hangs gets no second one.
    expect(health.deadlineMs).toBeUndefined();
    expect(health.tick(9_999)).toEqual([]);
    expect(health.ended(10_000)).toEqual([{ type: "well" }]);
    expect(health.deadlineMs).toBe(11_000);
  });

  it("is not bad for being full", () => {
    const health = new StoreHealth(options, 0);
    expect(check(health, new StoreError("STORE_NO_SPACE", "full")).effects).toEqual([]);
    expect(check(health, error).effects).toHaveLength(1);
    expect(check(health, new StoreError("STORE_NO_SPACE", "full")).effects).toEqual([{ type: "well" }]);
  });

  it("is not looked at when that is off, and counts as well then", () => {
    const off = healthCheckOptions.parse({ intervalMs: 0 });
    expect(new StoreHealth(off, 0).deadlineMs).toBeUndefined();
    const health = new StoreHealth(options, 0);
    check(health, error);
    expect(health.reconfigure(off, 1_050)).toEqual([{ type: "well" }]);
    expect([health.deadlineMs, health.tick(9_999)]).toEqual([undefined, []]);
    expect(health.reconfigure(options, 10_000)).toEqual([]);
    expect(check(health)).toEqual({ atMs: 11_000, effects: [] });
  });

  it("takes what a check ends with for nothing when it was turned off meanwhile", () => {
    const health = new StoreHealth(options, 0);
    health.tick(1_000);
    health.reconfigure(healthCheckOptions.parse({ intervalMs: 0 }), 1_001);
    expect(health.ended(1_002, error)).toEqual([]);
    expect(health.deadlineMs).toBeUndefined();
  });

  it("goes on with the check under way under other options", () => {
    const health = new StoreHealth(options, 0);
    health.tick(1_000);
    expect(health.reconfigure(healthCheckOptions.parse({ intervalMs: 5_000 }), 1_001)).toEqual([]);
    expect(health.ended(1_002, error)).toEqual([{ type: "failed", error }]);
    expect(health.deadlineMs).toBe(4_002);
  });
});
