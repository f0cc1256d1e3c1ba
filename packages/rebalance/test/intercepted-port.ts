import type { BrickClient, FopInput, FopOptions, FopResult } from "@brickshift/brick-client";
import type { FopName } from "@brickshift/wire";
import type { BrickPort } from "../src/index.js";

/** What happens around one kind of fop: `send` makes it. */
export type Around<N extends FopName> = (
  input: FopInput<N>,
  send: () => Promise<FopResult<N>>,
) => Promise<FopResult<N>>;

/** A client of which some fops are met by the test, which may delay them, change their answers, or do something before. */
export function interceptedPort(
  client: BrickClient,
  arounds: { readonly [N in FopName]?: Around<N> },
): BrickPort {
  const call = <N extends FopName>(name: N, input: FopInput<N>, options?: FopOptions) => {
    const send = () => client.fops[name](input, options);
    const around = arounds[name];
    return around === undefined ? send() : around(input, send);
  };
  const fops = new Proxy(client.fops, {
    get: (_, name: FopName) => (input: FopInput<FopName>, options?: FopOptions) => call(name, input, options),
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
