import { RebalanceError } from "./rebalance-error.js";

/**
 * What was copied to the destination may not be there, or not be what is wanted. Either it was restarted: a power cut takes what was
 * acknowledged and not synced, and nobody can tell it from a kill, which does not. Or somebody removed the target, and a late request
 * made another. Or it was put with all that it is to have, and has another name by now, or is to have what was written since. So the
 * file is copied anew. Worth another attempt.
 */
export class TargetLost extends RebalanceError {
  constructor(brick: string, options?: ErrorOptions) {
    const message = `${brick} was restarted, or a client changed the names of the file there, while it was copied; see that it stays up, and run again`;
    super("REBALANCE_UNREACHABLE", message, options);
  }
}
