import { fileURLToPath } from "node:url";
import pDefer from "p-defer";
import { CommandError, ExitCode } from "../exit-code.js";
import { type JsonProcess, startJsonProcess } from "./child-process.js";

/** A brick emulator in a process of its own. */
export class BrickProcess {
  readonly name: string;
  readonly #directory: string;
  #process: JsonProcess | undefined;
  #address = "127.0.0.1:0";

  /** @param directory where its store is, or will be. */
  constructor(name: string, directory: string) {
    this.name = name;
    this.#directory = directory;
  }

  /** `gluster://HOST:PORT/NAME`, once it has been started; stays the same over restarts. */
  get url(): string {
    return `gluster://${this.#address}/${this.name}`;
  }

  /** Starts `brick-emulator serve`, on a free loopback port the first time, and waits until it listens. */
  async start(): Promise<void> {
    const script = fileURLToPath(import.meta.resolve("@brickshift/brick-emulator/cli"));
    const brick = `${this.name}=${this.#directory}`;
    const args = ["serve", "--brick", brick, "--listen", this.#address, "--json", "--until-stdin-ends"];
    const listening = pDefer<string>();
    const started = startJsonProcess(script, args, (event) => {
      if (event["event"] === "listening") listening.resolve(String(event["address"]));
    });
    this.#process = started;
    void started.exited.then((code) =>
      listening.reject(
        new CommandError(
          ExitCode.connection,
          `the brick "${this.name}" ended with ${code} at its start: ${started.errorTail()}`,
        ),
      ),
    );
    this.#address = (await listening.promise).replace(/^tcp:\/\//, "");
  }

  /** Asks it to end, which leaves everything on disk, and waits until it has. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#process?.child.kill(signal);
    await this.#process?.exited;
    this.#process = undefined;
  }
}
