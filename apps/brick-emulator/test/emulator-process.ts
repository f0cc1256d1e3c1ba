import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport } from "@brickshift/transport-net";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** An event that it printed. */
export interface ProcessEvent {
  readonly event: string;
  readonly address: string;
}

/** The emulator as users run it: the bundle, by plain `node`. */
export class EmulatorProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  readonly #waiting: { readonly name: RegExp; readonly resolve: (event: ProcessEvent) => void }[] = [];
  #errors = "";
  #output = "";

  constructor(args: readonly string[], { keepsOutput = false } = {}) {
    this.child = spawn(process.execPath, [cli, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    if (keepsOutput) {
      this.child.stdout?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on("line", (line) => {
        if (!line.startsWith("{")) return;
        const event = JSON.parse(line) as ProcessEvent;
        const index = this.#waiting.findIndex(({ name }) => name.test(event.event));
        if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(event);
      });
    }
    this.exited = new Promise((resolve) =>
      this.child.once("close", (code, signal) => resolve(code ?? signal)),
    );
  }

  /** Everything that it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Everything that it wrote to standard output, if that is kept. */
  get output(): string {
    return this.#output;
  }

  /** The next event whose name fits; rejects when the process ends before. */
  async event(name: RegExp): Promise<ProcessEvent> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve });
      void this.exited.then((code) => reject(new Error(`ended with ${code}: ${this.#errors}`)));
    });
  }

  /** Resolves with the address once it listens; rejects when it ends before. */
  async listening(): Promise<string> {
    return (await this.event(/^listening$/)).address;
  }

  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** A connected client of a brick. */
export async function clientOf(
  address: string,
  brick: string,
  transport: Transport = createTcpTransport({}),
): Promise<BrickClient> {
  const client = createBrickClient({
    transport,
    address,
    brick,
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: { reconnect: { startAttemptsMax: 1 } },
  });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
