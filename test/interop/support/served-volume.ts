import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Scratch } from "./scratch.js";

/** The bundle of `brick-emulator`. */
export const emulatorCli = fileURLToPath(
  new URL("../../../apps/brick-emulator/dist/cli.js", import.meta.url),
);

/** A running `brick-emulator serve` of volumes. */
export class ServedVolumes {
  readonly events: Readonly<Record<string, unknown>>[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals | null>;
  #errors = "";

  private constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [emulatorCli, "serve", "--json", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        this.events.push(JSON.parse(line) as Record<string, unknown>);
      });
    }
    this.#exited = new Promise((resolve) =>
      this.#child.once("close", (code, signal) => resolve(code ?? signal)),
    );
  }

  /** Resolves once everything listens. */
  static async start(scratch: Scratch, args: readonly string[]): Promise<ServedVolumes> {
    const served = new ServedVolumes(args);
    scratch.onEnd(async () => void (await served.stop("SIGKILL")));
    await served.until((events) => events.some(({ event }) => event === "listening"));
    return served;
  }

  /** Port of the volume server. */
  get port(): number {
    return Number(new URL(String(this.events[0]?.["address"])).port);
  }

  /** How many events of this name there are. */
  count(name: string, more: Readonly<Record<string, unknown>> = {}): number {
    return this.events.filter(
      (event) =>
        event["event"] === name && Object.entries(more).every(([key, value]) => event[key] === value),
    ).length;
  }

  /** Waits until the events are as asked for. */
  async until(isThere: (events: readonly Readonly<Record<string, unknown>>[]) => boolean): Promise<void> {
    const { stdout } = this.#child;
    while (!isThere(this.events)) {
      const ended = await Promise.race([
        new Promise<false>((resolve) => stdout?.once("data", () => setImmediate(() => resolve(false)))),
        this.#exited.then(() => true),
      ]);
      if (ended) throw new Error(`brick-emulator ended: ${this.#errors}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    this.signal(signal);
    return this.#exited;
  }
}
