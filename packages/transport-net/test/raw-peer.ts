import type { Socket } from "node:net";
import type { RawPeer } from "@brickshift/testkit";

/** A peer that writes what it likes to a connected socket. */
export function rawPeer(socket: Socket, event: "connect" | "secureConnect" = "connect"): Promise<RawPeer> {
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.once(event, () => {
      resolve({
        write: (bytes) =>
          new Promise((written) => {
            // Whether the listener's end is still there is for the test to see at that end.
            socket.write(bytes, () => written());
          }),
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
      });
    });
  });
}
