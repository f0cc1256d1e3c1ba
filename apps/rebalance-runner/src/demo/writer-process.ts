import { fork } from "node:child_process";
import pDefer from "p-defer";
import { LatencyRecorder } from "./latency.js";
import type { WriterCommand, WriterMessage, WriterSpec } from "./writer.js";

/** The writers of a demo, each in a process of its own. */
export interface WriterFleet {
  /** Resolves when every writer is connected and writes. */
  readonly ready: Promise<void>;
  /** Latencies before the move began, and while it ran. */
  readonly before: LatencyRecorder;
  readonly during: LatencyRecorder;
  /** Errors that writers were given, other than those that pass; the first few, as text. */
  readonly errors: string[];
  /** Tells every writer; a writer that has gone is left out. */
  tell(command: WriterCommand): void;
  /** From here on latencies count as "during". */
  moveBegins(): void;
  /** Stops the writers and waits for what they have in flight; resolves to how many writes got no answer. */
  stop(): Promise<number>;
}

const errorsMax = 20;

/** Starts one process per spec from `script`, this program's own file. */
export function startWriters(script: string, specs: readonly WriterSpec[]): WriterFleet {
  const before = new LatencyRecorder();
  const during = new LatencyRecorder();
  const errors: string[] = [];
  let recorder = before;
  let unanswered = 0;
  const writers = specs.map((spec) => {
    const child = fork(script, ["demo-writer"], {
      detached: true,
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ready = pDefer<void>();
    const stopped = pDefer<void>();
    child.on("message", (message: WriterMessage) => {
      if (message.type === "ready") ready.resolve();
      else if (message.type === "latencies") recorder.record(message.latenciesUs);
      else if (message.type === "stopped") unanswered += message.unanswered;
      else if (errors.length < errorsMax) errors.push(`${message.file}: ${message.message}`);
    });
    child.once("exit", (code) => {
      if (code !== 0) errors.push(`writer ${spec.writer} ended with ${code}`);
      ready.reject(new Error(`writer ${spec.writer} ended with ${code}: ${errors.join("; ")}`));
      stopped.resolve();
    });
    child.send(spec);
    return { child, ready: ready.promise, stopped: stopped.promise };
  });
  const ready = Promise.all(writers.map((writer) => writer.ready)).then(() => undefined);
  // Whoever waits for it gets the error; nobody else shall be told of an unhandled rejection.
  ready.catch(() => undefined);
  const tell = (command: WriterCommand) => {
    for (const { child } of writers) if (child.connected) child.send(command);
  };
  return {
    ready,
    before,
    during,
    errors,
    tell,
    moveBegins: () => {
      recorder = during;
    },
    stop: async () => {
      tell({ type: "stop" });
      await Promise.all(writers.map((writer) => writer.stopped));
      return unanswered;
    },
  };
}
