import type { Socket } from "node:net";
import { LoopbackProxy } from "./loopback-proxy.js";

/**
 * A way to a server on which the loss of a client is not noticed: what a machine that crashes, or a cut network, leaves. The
 * server's end stays open until `notice`.
 */
export async function startHalfOpenProxy(to: number) {
  const dead = new Set<Socket>();
  const proxy = await LoopbackProxy.start(to, (client, server) => {
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => client.write(chunk));
    client.on("close", () => dead.add(server));
    server.on("close", () => client.destroy());
  });
  return {
    port: proxy.port,
    /** Connections whose client is gone, which the server does not know. */
    get unnoticed() {
      return dead.size;
    },
    /** Lets the server notice those. */
    notice() {
      for (const socket of dead) socket.destroy();
      dead.clear();
    },
    close: () => proxy.close(),
  };
}
