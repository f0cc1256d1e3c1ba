import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Ties the two ends of one connection together. */
type Carry = (client: Socket, server: Socket) => void;

/** A way to a server on this machine, on a port of its own, on which something may happen to what is carried. */
export class LoopbackProxy {
  readonly #server = createServer((client) => this.#accept(client));
  readonly #sockets = new Set<Socket>();
  readonly #to: number;
  readonly #carry: Carry;

  private constructor(to: number, carry: Carry) {
    this.#to = to;
    this.#carry = carry;
  }

  /** Listens; every connection is carried on to the port `to`. */
  static async start(to: number, carry: Carry): Promise<LoopbackProxy> {
    const proxy = new LoopbackProxy(to, carry);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(client: Socket): void {
    const server = connect(this.#to, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
    }
    this.#carry(client, server);
  }
}
