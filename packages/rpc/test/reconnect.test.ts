import { describe, expect, it } from "vitest";
import { Reconnect, reconnectOptions } from "../src/index.js";

const options = (changes = {}) => reconnectOptions.parse({ delayMinMs: 100, delayMaxMs: 1_000, ...changes });
const failed = (attempt: number, jitter = 1, isFatal = false) =>
  ({ type: "failed", attempt, jitter, isFatal }) as const;

/** A reconnect that was up once. */
function lostOnce(changes = {}, jitter = 1) {
  const reconnect = new Reconnect(options(changes));
  reconnect.step({ type: "start" }, 0);
  reconnect.step({ type: "connected", attempt: 1 }, 0);
  reconnect.step({ type: "lost", attempt: 1, jitter }, 0);
  return reconnect;
}

describe("starting", () => {
  it("tries at once and is up when connected", () => {
    const reconnect = new Reconnect(options());
    expect(reconnect.step({ type: "start" }, 0)).toEqual([{ type: "attempt", attempt: 1 }]);
    expect(reconnect.step({ type: "start" }, 0)).toEqual([]);
    expect(reconnect.step({ type: "connected", attempt: 1 }, 0)).toEqual([{ type: "up" }]);
    expect(reconnect.isUp).toBe(true);
    expect(reconnect.deadlineMs).toBeUndefined();
  });

  it("gives up after so many attempts, and can be started again", () => {
    const reconnect = new Reconnect(options({ startAttemptsMax: 2 }));
    reconnect.step({ type: "start" }, 0);
    expect(reconnect.step(failed(1), 0)).toEqual([]);
    expect(reconnect.step({ type: "tick" }, 200)).toEqual([{ type: "attempt", attempt: 2 }]);
    expect(reconnect.step(failed(2), 200)).toEqual([{ type: "give-up" }]);
    expect(reconnect.isIdle).toBe(true);
    expect(reconnect.step({ type: "start" }, 300)).toEqual([{ type: "attempt", attempt: 3 }]);
  });

  it("gives up when abandoned, trying or pausing; once up it is not a start any more", () => {
    const trying = new Reconnect(options());
    trying.step({ type: "start" }, 0);
    expect(trying.step({ type: "abandon" }, 0)).toEqual([
      { type: "cancel", attempt: 1 },
      { type: "give-up" },
    ]);
    expect(trying.step({ type: "connected", attempt: 1 }, 0)).toEqual([{ type: "stale", attempt: 1 }]);
    const pausing = new Reconnect(options({ startAttemptsMax: 2 }));
    pausing.step({ type: "start" }, 0);
    pausing.step(failed(1), 0);
    expect(pausing.step({ type: "abandon" }, 0)).toEqual([{ type: "give-up" }]);
    expect(lostOnce().step({ type: "abandon" }, 0)).toEqual([]);
  });
});

describe("coming back", () => {
  it("goes down with a loss and doubles its pauses up to the bound", () => {
    const reconnect = lostOnce();
    let nowMs = 0;
    const pauses = [100, 200, 400, 800, 1_000, 1_000].map((_, index) => {
      const pauseMs = (reconnect.deadlineMs ?? 0) - nowMs;
      nowMs += pauseMs;
      expect(reconnect.step({ type: "tick" }, nowMs - 1)).toEqual([]);
      expect(reconnect.step({ type: "tick" }, nowMs)).toEqual([{ type: "attempt", attempt: index + 2 }]);
      reconnect.step(failed(index + 2), nowMs);
      return pauseMs;
    });
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("halves a pause with the least jitter, and starts over after a success", () => {
    const reconnect = lostOnce({}, 0);
    expect(reconnect.deadlineMs).toBe(50);
    reconnect.step({ type: "tick" }, 50);
    reconnect.step(failed(2, 0), 50);
    expect(reconnect.deadlineMs).toBe(150);
    reconnect.step({ type: "tick" }, 150);
    reconnect.step({ type: "connected", attempt: 3 }, 150);
    reconnect.step({ type: "lost", attempt: 3, jitter: 0 }, 150);
    expect(reconnect.deadlineMs).toBe(200);
  });

  it("still has a finite pause after two thousand failures", () => {
    const reconnect = lostOnce();
    for (let attempt = 2; attempt < 2_000; attempt += 1) {
      const nowMs = reconnect.deadlineMs as number;
      reconnect.step({ type: "tick" }, nowMs);
      reconnect.step(failed(attempt), nowMs);
      expect((reconnect.deadlineMs as number) - nowMs).toBeLessThanOrEqual(1_000);
    }
  });

  it("cancels an attempt that takes too long, and pauses when that has failed", () => {
    const reconnect = lostOnce({ attemptTimeoutMs: 30 });
    reconnect.step({ type: "tick" }, 100);
    expect(reconnect.deadlineMs).toBe(130);
    expect(reconnect.step({ type: "tick" }, 130)).toEqual([{ type: "cancel", attempt: 2 }]);
    expect(reconnect.deadlineMs).toBeUndefined();
    expect(reconnect.step({ type: "tick" }, 999)).toEqual([]);
    reconnect.step(failed(2), 140);
    expect(reconnect.deadlineMs).toBe(340);
  });

  it("gives up for good on a fatal failure", () => {
    const reconnect = lostOnce();
    reconnect.step({ type: "tick" }, 100);
    expect(reconnect.step(failed(2, 0, true), 100)).toEqual([{ type: "give-up" }]);
    expect(reconnect.isIdle).toBe(true);
  });

  it("ignores what comes of earlier attempts", () => {
    const reconnect = lostOnce();
    reconnect.step({ type: "tick" }, 100);
    expect(reconnect.step({ type: "lost", attempt: 1, jitter: 0 }, 100)).toEqual([]);
    expect(reconnect.step(failed(1), 100)).toEqual([]);
    expect(reconnect.step({ type: "connected", attempt: 2 }, 100)).toEqual([{ type: "up" }]);
    expect(reconnect.step({ type: "lost", attempt: 1, jitter: 0 }, 100)).toEqual([]);
    expect(reconnect.isUp).toBe(true);
  });

  it("stops in every phase, for good", () => {
    const fresh = new Reconnect(options());
    expect(fresh.step({ type: "stop" }, 0)).toEqual([]);
    expect(fresh.step({ type: "start" }, 0)).toEqual([]);
    const pausing = lostOnce();
    expect(pausing.step({ type: "stop" }, 0)).toEqual([{ type: "give-up" }]);
    expect(pausing.deadlineMs).toBeUndefined();
    const trying = lostOnce();
    trying.step({ type: "tick" }, 100);
    expect(trying.step({ type: "stop" }, 0)).toEqual([{ type: "cancel", attempt: 2 }, { type: "give-up" }]);
    const up = new Reconnect(options());
    up.step({ type: "start" }, 0);
    up.step({ type: "connected", attempt: 1 }, 0);
    expect(up.step({ type: "stop" }, 0)).toEqual([{ type: "down" }]);
    expect(up.step({ type: "stop" }, 0)).toEqual([]);
  });
});
