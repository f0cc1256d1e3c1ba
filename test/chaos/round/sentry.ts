import { setTimeout as sleep } from "node:timers/promises";
import { createBrickClient, type BrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import type { SharedFile } from "../../simulation/clients/file-client.js";
import { patientOptions } from "../clients/patient-options.js";
import { brickAt, type Scene } from "../scene/scene.js";
import { kindOf } from "./file-place.js";

const PAUSE_MS = 40;

/** Looks all the time whether each file has its data on one brick, no more and no less. */
export class Sentry {
  readonly #scene: Scene;
  readonly #onViolation: (text: string) => void;
  readonly #clients: readonly [BrickClient, BrickClient];
  /** Looks at a file that told something. */
  looks = 0;
  #isOver = false;
  #source: 0 | 1 = 0;
  /** Counts the legs: what was seen in one says nothing of the next. */
  #leg = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(scene: Scene, onViolation: (text: string) => void) {
    this.#scene = scene;
    this.#onViolation = onViolation;
    this.#clients = [this.#client(0), this.#client(1)];
  }

  /** Begins to look. */
  begin(): void {
    this.#looking = this.#look();
  }

  /** From now on files move from `source`. */
  legBegins(source: 0 | 1): void {
    this.#source = source;
    this.#leg += 1;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#looking;
  }

  async #look(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.connect()));
    for (let count = 0; !this.#isOver; count += 1) {
      const file = this.#scene.files[count % this.#scene.files.length] as SharedFile;
      await (count % 2 === 0 ? this.#lookForNone(file) : this.#lookForTwo(file));
      await sleep(PAUSE_MS);
    }
  }

  /** The data leaves the source in the step after which the destination cannot lose it. */
  async #lookForNone({ gfid, name }: SharedFile): Promise<void> {
    const [source, destination, leg] = this.#ends();
    const there = await kindOf(source, gfid);
    if (there === "data" || there === "unknown") return;
    const here = await kindOf(destination, gfid);
    if (this.#leg !== leg || here === "unknown") return;
    this.looks += 1;
    if (here === "absent")
      this.#onViolation(
        `${name} is on neither brick: its source says ${there}, then its destination ${here}`,
      );
  }

  /** What the destination shows the source has given up before. */
  async #lookForTwo({ gfid, name }: SharedFile): Promise<void> {
    const [source, destination, leg] = this.#ends();
    if ((await kindOf(destination, gfid)) !== "data") return;
    const there = await kindOf(source, gfid);
    if (this.#leg !== leg || there === "unknown") return;
    this.looks += 1;
    if (there === "data") this.#onViolation(`${name} is a data file on both bricks`);
  }

  #ends(): readonly [BrickClient, BrickClient, number] {
    const destination = brickAt("destination", this.#source);
    return [this.#clients[this.#source], this.#clients[destination], this.#leg];
  }

  #client(brick: 0 | 1): BrickClient {
    return createBrickClient({
      transport: createTcpTransport(),
      address: `tcp://127.0.0.1:${this.#scene.relay("client", brick).port}`,
      brick: `b${brick}`,
      scheduler: nodeScheduler,
      random: nodeRandom,
      options: { ...patientOptions, processName: "sentry", whileDown: "fail" },
    });
  }
}
