import { RebalanceError } from "./rebalance-error.js";

/**
 * The destination was restarted while a file was copied to it. A power cut takes what was acknowledged and not synced, and
 * nobody can tell it from a kill, which does not: so the file is copied anew. Worth another attempt.
 */
export class TargetLost extends RebalanceError {
  constructor(brick: string) {
    const message = `${brick} was restarted while the file was copied to it; see that it stays up, and run again`;
    super("REBALANCE_UNREACHABLE", message);
  }
}
