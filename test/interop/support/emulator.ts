import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isTapWanted, startRecordTap } from "./record-tap/record-tap.js";
import type { Scratch } from "./scratch.js";

const cli = fileURLToPath(new URL("../../../apps/brick-emulator/dist/cli.js", import.meta.url));

/** A running `brick-emulator serve`, from its bundle. */
export interface Emulator {
  /** Where clients connect: with `BRICKSHIFT_TAP` set, to a tap that checks every record. */
  readonly port: number;
  /** Events that it printed. */
  readonly events: readonly Record<string, unknown>[];
  /** URL of one of its bricks, as the runner takes it. */
  url(brick: string): string;
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts `brick-emulator serve --json` with bricks of these names below the scratch directory. */
export function startEmulator(
  scratch: Scratch,
  bricks: readonly string[],
  more: readonly string[] = [],
): Promise<Emulator> {
  const named = bricks.flatMap((name) => ["--brick", `${name}=${scratch.path(`emulated-${name}`)}`]);
  return startEmulatorWith(scratch, [...named, "--listen", "127.0.0.1:0", ...more]);
}

/** Starts `brick-emulator serve --json` with whatever `args`; resolves once it listens. */
export async function startEmulatorWith(scratch: Scratch, args: readonly string[]): Promise<Emulator> {
  const child = spawn(process.execPath, [cli, "serve", "--json", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: Record<string, unknown>[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal)),
  );
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return exited;
  };
  scratch.onEnd(() => void stop("SIGKILL"));
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if (event["event"] === "listening") resolve(String(event["address"]));
    });
    void exited.then((code) => reject(new Error(`brick-emulator ended with ${code}: ${errors}`)));
  });
  const ownPort = Number(new URL(address).port);
  const port = isTapWanted ? (await startRecordTap(scratch, ownPort)).port : ownPort;
  const signal = (which: NodeJS.Signals) => void child.kill(which);
  return { port, events, url: (brick) => `gluster://127.0.0.1:${port}/${brick}`, stop, signal };
}
