import type { CallName } from "../../simulation/world/call-name.js";
import type { Moment } from "../relay/call-at.js";

/** One of the two bricks by what it is in a move. */
export type End = "source" | "destination";
/** Who is killed or stopped. */
export type Victim = "runner" | End | "client";

/** When something strikes. */
export type Trigger =
  /** At the n-th such call of a runner, at one of its moments; `delayMs` after it was sent or told. */
  | {
      readonly type: "call";
      readonly end: End;
      readonly call: CallName;
      readonly moment: Moment;
      readonly nth: number;
      readonly delayMs: number;
    }
  /** At the n-th change of a file of the runner's journal that is seen. */
  | { readonly type: "journal"; readonly file: JournalFile; readonly nth: number }
  /** When the journal has noted a commit, and the file's publication, which is held up meanwhile, has not been seen by the destination. */
  | { readonly type: "commit-noted" }
  | { readonly type: "time"; readonly ms: number };

export type JournalFile = "journal" | "journal.new" | "lock";

/** What strikes. Times in ms. */
export type Act =
  | { readonly type: "kill"; readonly victim: Victim; readonly downMs: number }
  /** The runner is killed, and what it asked for arrives so much later: nobody noticed that it has gone. */
  | { readonly type: "kill-late"; readonly lateMs: number }
  | { readonly type: "stop"; readonly victim: Victim; readonly forMs: number }
  | { readonly type: "cut"; readonly who: "runner" | "client"; readonly end: End }
  | { readonly type: "sever"; readonly end: End; readonly lingerMs: number }
  | {
      readonly type: "half-open";
      readonly who: "runner" | "client";
      readonly end: End;
      readonly direction: "to-brick" | "to-client" | "both";
      readonly forMs: number;
      readonly isCut: boolean;
    }
  | {
      readonly type: "delay";
      readonly who: "runner" | "client";
      readonly end: End;
      readonly delayMs: number;
      readonly forMs: number;
    }
  | { readonly type: "full"; readonly end: End; readonly leftBytes: number; readonly forMs: number }
  | { readonly type: "second-runner" };

export interface Point {
  /** Where it strikes, in words: points with one label are one step. */
  readonly label: string;
  readonly trigger: Trigger;
  readonly act: Act;
}
