import type { EventEmitter } from "node:events";
import { createLogUpdate } from "log-update";

/** Anything a command tells: `event` names it, the rest are its figures. */
export interface OutputEvent {
  readonly event: string;
  readonly [figure: string]: unknown;
}

/** Where a command's events go: NDJSON for programs, a status that renews itself for people. */
export interface Output {
  /** A figure, for programs only. */
  event(event: OutputEvent): void;
  /** Something happened, in a sentence. */
  say(sentence: string, event: OutputEvent): void;
  /** How far it is: lines for people, renewed in place, and the same as an event. */
  status(lines: readonly string[], event: OutputEvent): void;
  /** The last word: lines for people, one event for programs. */
  report(lines: readonly string[], event: OutputEvent): void;
}

/** How long figures are gathered, in ms: no reader notices. */
const GATHER_MS = 10;
/** From so many characters on they are written before. */
const GATHERED_MAX = 65_536;

/**
 * One JSON object a line on `stream`, the report last. The figures of some milliseconds are written together, as a write
 * costs far more than a line; all else is written at once, behind them.
 * @param owner emits `exit` when the process ends, then what is left is written.
 */
export function jsonOutput(
  stream: NodeJS.WritableStream,
  owner: Pick<EventEmitter, "once"> = process,
): Output {
  let gathered = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    if (gathered === "") return;
    const lines = gathered;
    gathered = "";
    stream.write(lines);
  };
  const gather = (event: OutputEvent) => {
    if (gathered === "") timer = setTimeout(flush, GATHER_MS);
    gathered += `${JSON.stringify(event)}\n`;
    if (gathered.length >= GATHERED_MAX) flush();
  };
  const write = (event: OutputEvent) => {
    gather(event);
    flush();
  };
  // A second Ctrl-C ends the process before it is time.
  owner.once("exit", flush);
  return {
    event: gather,
    say: (_, event) => write(event),
    status: (_, event) => write(event),
    report: (_, event) => write(event),
  };
}

const plainStatusEveryMs = 2_000;

/** For people: on a terminal the status renews itself in place, elsewhere a line comes every two seconds. */
export function humanOutput(stream: NodeJS.WriteStream): Output {
  const live = stream.isTTY ? createLogUpdate(stream) : undefined;
  let saidAtMs = -Infinity;
  const print = (text: string) => {
    live?.clear();
    stream.write(`${text}\n`);
  };
  return {
    event: () => undefined,
    say: (sentence) => print(sentence),
    status: (lines) => {
      if (live !== undefined) live(lines.join("\n"));
      else if (performance.now() - saidAtMs >= plainStatusEveryMs) {
        saidAtMs = performance.now();
        print(lines.join(" | "));
      }
    },
    report: (lines) => {
      live?.clear();
      live?.done();
      stream.write(`${lines.join("\n")}\n`);
    },
  };
}
