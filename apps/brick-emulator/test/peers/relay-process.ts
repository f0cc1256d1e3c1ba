import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("relay.mjs", import.meta.url));

/** A process through which clients reach a brick: to the brick it is them, and can be stopped or reset as they cannot. */
export class RelayProcess {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #heard: () => Promise<unknown>;

  private constructor(brickPort: number) {
    this.child = spawn(process.execPath, [program, String(brickPort)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#lines.push(line));
    this.#heard = async () => once(lines, "line");
  }

  static async start(brickPort: number): Promise<{ readonly relay: RelayProcess; readonly address: string }> {
    const relay = new RelayProcess(brickPort);
    const [port] = await relay.#said(/^\d+$/, 1);
    return { relay, address: `tcp://127.0.0.1:${port}` };
  }

  /** Tells it what to do; resolves when it has printed a line that fits `count` times in all. */
  async order(order: "half" | "reset", done: RegExp, count = 1): Promise<void> {
    this.child.stdin?.write(`${order}\n`);
    await this.#said(done, count);
  }

  /** Resolves when it has printed a line that fits `count` times in all. */
  async said(line: RegExp, count = 1): Promise<void> {
    await this.#said(line, count);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "close");
    this.child.kill("SIGKILL");
    await exited;
  }

  async #said(line: RegExp, count: number): Promise<readonly string[]> {
    for (;;) {
      const found = this.#lines.filter((said) => line.test(said));
      if (found.length >= count) return found;
      await this.#heard();
    }
  }
}
