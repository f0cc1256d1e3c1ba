import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * A way to a server on which the loss of a client is not noticed: what a machine that crashes, or a cut network, leaves. The
 * server's end stays open until `notice`.
 */
export class HalfOpenProxy {
  readonly #server = createServer((client) => this.#carry(client));
  readonly #dead = new Set<Socket>();
  readonly #all = new Set<Socket>();
  readonly #to: number;

  private constructor(to: number) {
    this.#to = to;
  }

  static async start(to: number): Promise<HalfOpenProxy> {
    const proxy = new HalfOpenProxy(to);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections whose client is gone, which the server does not know. */
  get unnoticed(): number {
    return this.#dead.size;
  }

  /** Lets the server notice those. */
  notice(): void {
    for (const socket of this.#dead) socket.destroy();
    this.#dead.clear();
  }

  close(): void {
    for (const socket of this.#all) socket.destroy();
    this.#server.close();
  }

  #carry(client: Socket): void {
    const server = connect(this.#to, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#all.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => client.write(chunk));
    client.on("close", () => this.#dead.add(server));
    server.on("close", () => client.destroy());
  }
}
