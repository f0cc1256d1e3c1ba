import { connectBrick } from "../connect-brick.js";
import { parseBrickUrl } from "../brick-url.js";
import { BrickPair } from "./brick-pair.js";

/** A {@link BrickPair} and the way to let go of it. */
export interface ConnectedPair {
  readonly pair: BrickPair;
  close(): Promise<void>;
}

/** Connects to the two bricks of a demo; the first is where files are looked for first. */
export async function connectPair(urls: readonly string[], processName: string): Promise<ConnectedPair> {
  const clients = await Promise.all(
    urls.map(async (text) => {
      const url = parseBrickUrl(text);
      return [url.brick, await connectBrick(url, { processName })] as const;
    }),
  );
  return {
    pair: new BrickPair(new Map(clients)),
    close: async () => {
      await Promise.all(clients.map(([, client]) => client.close()));
    },
  };
}
