import { decodeRecordMark, encodeRecordMark } from "@brickshift/wire";
import { LoopbackProxy } from "./loopback-proxy.js";

/** What becomes of a record that the server sent. */
export type Spoil = (record: Uint8Array) => Uint8Array;

/**
 * A way to a brick whose answers are spoilt from some moment on: of each connection all but the first `sound` records. It is a
 * brick that answers nonsense, as a broken one would, or another program behind the same address.
 */
export async function startSpoilingProxy(to: number, sound: number, spoil: Spoil) {
  let spoilt = 0;
  const proxy = await LoopbackProxy.start(to, (client, server) => {
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
        const sent = records > sound ? spoil(record) : record;
        if (records > sound) spoilt += 1;
        client.write(Buffer.concat([encodeRecordMark(sent.length), sent]));
      }
    });
    client.on("data", (chunk) => server.write(chunk));
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  });
  return {
    port: proxy.port,
    /** Records that were spoilt by now. */
    get spoilt() {
      return spoilt;
    },
    close: () => proxy.close(),
  };
}
