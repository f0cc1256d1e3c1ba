import type { BrickClientOptionsInput } from "@brickshift/brick-client";

/** How clients reach bricks: with more patience than in virtual time, as a busy machine lets a process wait for seconds. */
export const patientOptions: BrickClientOptionsInput = {
  callTimeoutMs: 30_000,
  pingTimeoutMs: 12_000,
  closeTimeoutMs: 2_000,
  reconnect: { delayMinMs: 5, delayMaxMs: 200, attemptTimeoutMs: 20_000, startAttemptsMax: 1_000_000 },
};
