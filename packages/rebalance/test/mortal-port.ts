import type { BrickClient, FopMethods } from "@brickshift/brick-client";
import { ProtocolError } from "@brickshift/wire";
import type { BrickPort } from "../src/index.js";

/** How the call with the fatal number goes, and what comes after. */
export type Fate =
  /** It is not sent, nor is any later one: the runner died. */
  | "dies-before"
  /** It is carried out, but nobody hears of it, and no later one is sent. */
  | "dies-after"
  /** It alone is not sent. */
  | "lost"
  /** It alone is carried out without an answer. */
  | "unanswered";

/** Counts the calls of a runner on both bricks, and lets one of them, or all from one on, fail. */
export class Mortality {
  readonly fate: Fate;
  readonly fatal: number;
  readonly names: string[] = [];

  /** @param fatal number of the call that fails, from 1; `Infinity` for none. */
  constructor(fate: Fate = "lost", fatal = Number.POSITIVE_INFINITY) {
    this.fate = fate;
    this.fatal = fatal;
  }

  /** The client, as a runner sees it that may die. */
  port(client: BrickClient): BrickPort {
    const fops = new Proxy(client.fops, {
      get: (methods, name: keyof FopMethods) => (input: never, options: never) =>
        this.#call(`${client.brick} ${name}`, () => methods[name](input, options)),
    });
    return {
      brick: client.brick,
      get session() {
        return client.session;
      },
      get capabilities() {
        return client.capabilities;
      },
      fops,
      onRecall: (listener) => client.onRecall(listener),
    };
  }

  async #call(name: string, send: () => Promise<unknown>): Promise<unknown> {
    this.names.push(name);
    const number = this.names.length;
    const dies = this.fate === "dies-before" || this.fate === "dies-after";
    if (number < this.fatal || (number > this.fatal && !dies)) return send();
    if (number === this.fatal && (this.fate === "dies-after" || this.fate === "unanswered")) {
      await send().catch(() => {});
    }
    throw new ProtocolError("RpcError", "RPC_TIMEOUT", { errno: 110, fault: "peer" }, `no answer to ${name}`);
  }
}
