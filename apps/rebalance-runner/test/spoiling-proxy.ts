import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { decodeRecordMark, encodeRecordMark } from "@brickshift/wire";

/** What becomes of a record that the server sent. */
export type Spoil = (record: Uint8Array) => Uint8Array;

/**
 * A way to a brick whose answers are spoilt from some moment on: of each connection all but the first `sound` records. It is a
 * brick that answers nonsense, as a broken one would, or another program behind the same address.
 */
export class SpoilingProxy {
  readonly #server = createServer((client) => this.#carry(client));
  readonly #all = new Set<Socket>();
  readonly #to: number;
  readonly #sound: number;
  readonly #spoil: Spoil;
  spoilt = 0;

  private constructor(to: number, sound: number, spoil: Spoil) {
    this.#to = to;
    this.#sound = sound;
    this.#spoil = spoil;
  }

  static async start(to: number, sound: number, spoil: Spoil): Promise<SpoilingProxy> {
    const proxy = new SpoilingProxy(to, sound, spoil);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
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
    let rest: Buffer = Buffer.alloc(0);
    let records = 0;
    server.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4) {
        const { fragmentBytes } = decodeRecordMark(rest);
        if (rest.length < 4 + fragmentBytes) return;
        const record = Uint8Array.from(rest.subarray(4, 4 + fragmentBytes));
        rest = rest.subarray(4 + fragmentBytes);
        records += 1;
        const sent = records > this.#sound ? this.#spoil(record) : record;
        if (records > this.#sound) this.spoilt += 1;
        client.write(Buffer.concat([encodeRecordMark(sent.length), sent]));
      }
    });
    client.on("data", (chunk) => server.write(chunk));
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }
}
