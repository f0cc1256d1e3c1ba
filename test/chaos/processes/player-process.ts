import type { PlayOrder } from "../clients/play-order.js";
import { JsonProcess } from "./json-process.js";
import { playerProgram } from "./programs.js";

/** Clients in a process of their own, which lives from round to round unless it is killed. */
export class PlayerProcess {
  #process: JsonProcess | undefined;
  #onEnded: (tornReads: number) => void = () => {};

  /** Lets it play; starts it when it is not there. */
  play(order: PlayOrder): void {
    if (this.#process === undefined || this.#process.isOver) {
      this.#process = new JsonProcess(playerProgram, [], (event) => {
        if (event["event"] === "ended") this.#onEnded(Number(event["tornReads"]));
      });
    }
    this.#process.tell(order);
  }

  /** Lets its clients end. @returns reads of blocks that were of two writes. */
  async end(): Promise<number> {
    const ended = new Promise<number>((resolve) => {
      this.#onEnded = resolve;
    });
    const { exited } = this.#process ?? {};
    this.#process?.tell({ do: "end" });
    const died = exited?.then((how) => {
      throw new Error(`a player ended with ${how}: ${this.#process?.errors}`);
    });
    return Promise.race([ended, ...(died === undefined ? [] : [died])]);
  }

  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.exited;
  }

  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  goOn(): void {
    this.#process?.signal("SIGCONT");
  }
}
