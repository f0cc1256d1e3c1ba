import type { BrickClient, FopMethods } from "@brickshift/brick-client";
import type { BrickPort } from "@brickshift/rebalance";
import type { FopName, Gfid } from "@brickshift/wire";

/** What a runner has under way on one brick, by file. */
export class UnderWay {
  readonly #counts = new Map<string, number>();

  count(fop: FopName, gfid: Gfid): number {
    return this.#counts.get(`${fop} ${gfid}`) ?? 0;
  }

  async during<T>(fop: FopName, gfid: Gfid | undefined, work: () => Promise<T>): Promise<T> {
    const key = `${fop} ${gfid}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      this.#counts.set(key, (this.#counts.get(key) ?? 1) - 1);
    }
  }
}

/** The client, as a runner uses it that is watched. */
export function watchedPort(client: BrickClient, underWay: UnderWay): BrickPort {
  const fops = new Proxy(client.fops, {
    get: (methods, name: keyof FopMethods) => (input: { readonly gfid?: Gfid }, options: never) =>
      underWay.during(name, input.gfid, () =>
        (methods[name] as (...all: unknown[]) => Promise<unknown>)(input, options),
      ),
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
