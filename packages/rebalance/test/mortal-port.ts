import type { BrickClient, FopMethods } from "@brickshift/brick-client";
import type { SeededRandom } from "@brickshift/testkit";
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
    return portOf(client, (name, send) => this.#call(name, send));
  }

  async #call(name: string, send: () => Promise<unknown>): Promise<unknown> {
    this.names.push(name);
    const number = this.names.length;
    const dies = this.fate === "dies-before" || this.fate === "dies-after";
    if (number < this.fatal || (number > this.fatal && !dies)) return send();
    if (number === this.fatal && (this.fate === "dies-after" || this.fate === "unanswered")) {
      await send().catch(() => {});
    }
    throw noAnswer(name);
  }
}

/** The client, as a runner sees it over a bad network: calls and answers take their time, some answers never come. */
export function troubledPort(client: BrickClient, random: SeededRandom, delayMsMax: number): BrickPort {
  const delay = async () => {
    if (!random.chance(0.1)) return;
    await new Promise((resolve) => setTimeout(resolve, random.below(delayMsMax)));
  };
  return portOf(client, async (name, send) => {
    const fate = random.next();
    await delay();
    const answer = send();
    // The answer is given up at once, while the call is still under way.
    if (fate < 0.01) {
      answer.catch(() => {});
      throw noAnswer(name);
    }
    const given = await answer;
    await delay();
    return given;
  });
}

function portOf(
  client: BrickClient,
  call: (name: string, send: () => Promise<unknown>) => Promise<unknown>,
): BrickPort {
  const fops = new Proxy(client.fops, {
    get: (methods, name: keyof FopMethods) => (input: never, options: never) =>
      call(`${client.brick} ${name}`, () => methods[name](input, options)),
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

/** What a call is rejected with that nobody answers. */
export function noAnswer(name: string): ProtocolError {
  return new ProtocolError("RpcError", "RPC_TIMEOUT", { errno: 110, fault: "peer" }, `no answer to ${name}`);
}
