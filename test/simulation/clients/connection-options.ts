import type { BrickClientOptionsInput } from "@brickshift/brick-client";

/** How clients of every kind reach bricks. */
export const connectionOptions: BrickClientOptionsInput = {
  callTimeoutMs: 12_000,
  pingTimeoutMs: 3_000,
  closeTimeoutMs: 500,
  reconnect: { delayMinMs: 5, delayMaxMs: 200, attemptTimeoutMs: 2_000, startAttemptsMax: 1_000_000 },
};
