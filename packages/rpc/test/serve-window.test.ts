import { describe, expect, it } from "vitest";
import { type ServeLimits, serveLimits, ServeWindow } from "../src/index.js";

const windowOf = (changes: Partial<ServeLimits>) => new ServeWindow({ ...serveLimits.parse({}), ...changes });
const arrive = (bytes = 1) => ({ type: "arrive", bytes }) as const;
const block = (bytes = 1) => ({ type: "block", bytes }) as const;
const done = (isBlocking = false, bytes = 1) => ({ type: "done", bytes, isBlocking }) as const;

describe("a serve window", () => {
  it("pauses reading at the bound of calls and resumes below it, each once", () => {
    const window = windowOf({ outstandingCallsMax: 2 });
    expect(window.step(arrive())).toEqual([]);
    expect(window.step(arrive())).toEqual(["pause"]);
    expect(window.step(arrive())).toEqual([]);
    expect(window.step(done())).toEqual([]);
    expect(window.step(done())).toEqual(["resume"]);
    expect(window.outstanding).toBe(1);
  });

  it("pauses reading at the bound of bytes", () => {
    const window = windowOf({ outstandingBytesMax: 10 });
    expect(window.step(arrive(10))).toEqual(["pause"]);
    expect(window.step(done(false, 10))).toEqual(["resume"]);
  });

  it("leaves calls out that wait for others, so that reading goes on", () => {
    const window = windowOf({ outstandingCallsMax: 1 });
    expect(window.step(arrive())).toEqual(["pause"]);
    expect(window.step(block())).toEqual(["resume"]);
    expect([window.outstanding, window.blocking]).toEqual([0, 1]);
    expect(window.step(arrive())).toEqual(["pause"]);
    expect(window.step(done(true))).toEqual([]);
    expect(window.step(done())).toEqual(["resume"]);
    expect([window.outstanding, window.blocking]).toEqual([0, 0]);
  });

  it("refuses one more blocking call than the bounds allow, and counts it as before", () => {
    const byCount = windowOf({ blockingCallsMax: 1 });
    byCount.step(arrive());
    byCount.step(block());
    byCount.step(arrive());
    expect(byCount.step(block())).toEqual(["refuse"]);
    expect([byCount.outstanding, byCount.blocking]).toEqual([1, 1]);
    const byBytes = windowOf({ blockingBytesMax: 9 });
    byBytes.step(arrive(10));
    expect(byBytes.step(block(10))).toEqual(["refuse"]);
  });
});
