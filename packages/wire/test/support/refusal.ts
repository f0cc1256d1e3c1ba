import { expect } from "vitest";
import { WireError, type WireErrorCode } from "../../src/index.js";

/** The code with which `attempt` is refused; fails the test when it is not, or not by a {@link WireError}. */
export function refusalOf(attempt: () => unknown): WireErrorCode {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return (error as WireError).code;
  }
  throw new Error("it was not refused");
}
