import { connect } from "node:net";

/** How a peer leaves: by an end, by a reset, or by neither until the brick ends it. */
export type Leaving = "end" | "reset" | "stay";

/** Longest that a peer which was to stay is given to read its answers, in ms. */
const STAY_MS = 300;

/** Sends bytes to a brick as a peer of its own; resolves with the bytes that came back once it is gone. */
export function sendAsPeer(port: number, bytes: Uint8Array, leaving: Leaving): Promise<number> {
  return new Promise((resolve) => {
    let received = 0;
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("data", (chunk) => (received += chunk.length));
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
    socket.write(bytes, () => {
      if (leaving === "reset") socket.resetAndDestroy();
      else if (leaving === "end") socket.end();
      else setTimeout(() => socket.destroy(), STAY_MS);
    });
  });
}
