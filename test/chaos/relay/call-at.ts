import type { Gfid } from "@brickshift/wire";
import type { CallName } from "../../simulation/world/call-name.js";

/** Moments of a call on its way through a relay, in their order. */
export const moments = ["asked", "sent", "answered", "told"] as const;

/**
 * `asked`: the request has come to the relay, and the brick has not seen it. `sent`: it is on its way to the brick. `answered`: the
 * brick's answer has come to the relay, and nobody has heard it. `told`: it is on its way.
 */
export type Moment = (typeof moments)[number];

/** A call at one of its moments. */
export interface CallAt {
  readonly call: CallName;
  readonly moment: Moment;
  /** The file that a step of the flip is about. */
  readonly gfid: Gfid | undefined;
}

/**
 * What becomes of a record that is `asked` or `answered`: it goes on, or is lost, or goes on after `lateMs` while the brick does
 * not notice that the other end has gone.
 */
export type Fate = "pass" | "drop" | { readonly lateMs: number };

/** Decides the fate of a record at a moment; what it returns for `sent` and `told` does not matter. */
export type CallListener = (at: CallAt) => Fate | Promise<Fate>;
