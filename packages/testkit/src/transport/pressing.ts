import type { Connection } from "@brickshift/transport";
import { expect, it } from "vitest";
import { Gate, collect, expectCode, pattern, type Stage, sameBytes, settles, until } from "./stage.js";

const CHUNK_BYTES = 64 * 1_024;
/** More than the buffers of any transport and kernel on the way; a sender must have stopped before. */
const UNBOUNDED_BYTES = 64 * 1_024 * 1_024;

/** Sends until a send waits; resolves with how many were sent and the one that waits. */
async function sendUntilStuck(connection: Connection): Promise<{ sent: number; stuck: Promise<void> }> {
  for (let sent = 0; sent * CHUNK_BYTES < UNBOUNDED_BYTES; sent += 1) {
    const stuck = connection.send([pattern(CHUNK_BYTES, sent)]);
    if (!(await settles(stuck))) return { sent, stuck };
  }
  throw new Error(`the sender was not held back within ${UNBOUNDED_BYTES} bytes`);
}

/** A slow reader slows the writer, and nothing grows without bound. */
export function pressing(stage: Stage): void {
  it.each(["client", "server"] as const)(
    "holds a sender back while the %s's handler is busy",
    async (slow) => {
      const pair = await stage.pair();
      const reader = pair[slow];
      const writer = slow === "client" ? pair.server : pair.client;
      const gate = new Gate();
      const got: Uint8Array[] = [];
      reader.receive((record) => {
        got.push(record);
        return gate.opened;
      });
      const { sent, stuck } = await sendUntilStuck(writer);
      expect(got.length).toBe(1);
      gate.open();
      await stuck;
      await until(() => got.length === sent + 1);
      expect(got.every((record, index) => sameBytes(record, pattern(CHUNK_BYTES, index)))).toBe(true);
    },
  );

  it("holds a sender back while nobody receives", async () => {
    const { client, server } = await stage.pair();
    const { sent, stuck } = await sendUntilStuck(client);
    const got = collect(server);
    await stuck;
    await until(() => got.length === sent + 1);
    expect(got.every((record, index) => sameBytes(record, pattern(CHUNK_BYTES, index)))).toBe(true);
  });

  it("keeps the other direction going while one is held back", async () => {
    const { client, server } = await stage.pair();
    server.receive(() => new Gate().opened);
    const atClient = collect(client);
    const { stuck } = await sendUntilStuck(client);
    stuck.catch(() => {});
    await server.send([pattern(10, 1)]);
    await until(() => atClient.length === 1);
  });

  it("delivers one record at a time, in order, to a handler with promises", async () => {
    const { client, server } = await stage.pair();
    const got: number[] = [];
    let running = 0;
    let most = 0;
    server.receive(async (record) => {
      running += 1;
      most = Math.max(most, running);
      for (let hops = 0; hops < (record[0] ?? 0) % 4; hops += 1) await Promise.resolve();
      got.push(record[0] ?? -1);
      running -= 1;
    });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    await Promise.all(numbers.map((number) => client.send([Uint8Array.of(number)])));
    await until(() => got.length === numbers.length);
    expect(got).toEqual(numbers);
    expect(most).toBe(1);
  });

  it("does not deliver within a delivery when the handler sends", async () => {
    const { client, server } = await stage.pair();
    let depth = 0;
    let most = 0;
    let rounds = 0;
    const bounce = (connection: Connection) => (record: Uint8Array) => {
      depth += 1;
      most = Math.max(most, depth);
      rounds += 1;
      if (rounds < 500) void connection.send([record]);
      depth -= 1;
    };
    server.receive(bounce(server));
    client.receive(bounce(client));
    await client.send([pattern(10, 1)]);
    await until(() => rounds === 500);
    expect(most).toBe(1);
  });

  it("refuses to queue more than the limit, and goes on", async () => {
    const sendQueueBytesMax = 1_024 * 1_024;
    const { client, server } = await stage.pair({ sendQueueBytesMax });
    const gate = new Gate();
    const got: Uint8Array[] = [];
    server.receive((record) => {
      got.push(record);
      return gate.opened;
    });
    const { sent, stuck } = await sendUntilStuck(client);
    const queued: Promise<void>[] = [stuck];
    // The stuck one counts, and so do the 64 bytes that each record costs besides its own.
    for (let count = 1; count < 15; count += 1)
      queued.push(client.send([pattern(CHUNK_BYTES, sent + count)]));
    await expectCode(client.send([pattern(CHUNK_BYTES, 0)]), "TRANSPORT_QUEUE_FULL");
    await expectCode(client.send([pattern(2 * CHUNK_BYTES, 0)]), "TRANSPORT_QUEUE_FULL");
    gate.open();
    await Promise.all(queued);
    await client.send([pattern(CHUNK_BYTES, sent + 15)]);
    await until(() => got.length === sent + 16);
    expect(got.every((record, index) => sameBytes(record, pattern(CHUNK_BYTES, index)))).toBe(true);
  });

  it("bounds the number of empty records in the queue", async () => {
    const { client, server } = await stage.pair({ sendQueueBytesMax: 64 * 1_024 });
    server.receive(() => new Gate().opened);
    const { stuck } = await sendUntilStuck(client);
    stuck.catch(() => {});
    await expectCode(
      Promise.all(Array.from({ length: 1_025 }, () => client.send([]))),
      "TRANSPORT_QUEUE_FULL",
    );
  });

  it("sends a record larger than the queue's limit when the queue is empty", async () => {
    const { client, server } = await stage.pair({ sendQueueBytesMax: 1_024 });
    const got = collect(server);
    await client.send([pattern(100_000, 1)]);
    await until(() => got.length === 1);
    expect(sameBytes(got[0], pattern(100_000, 1))).toBe(true);
  });

  it("refuses to send a record over the limit, and goes on", async () => {
    const { client, server } = await stage.pair({ recordBytesMax: 2_000 });
    const got = collect(server);
    await expectCode(client.send([pattern(1_000, 1), pattern(1_001, 2)]), "TRANSPORT_RECORD_TOO_LARGE");
    await client.send([pattern(2_000, 3)]);
    await until(() => got.length === 1);
    expect(sameBytes(got[0], pattern(2_000, 3))).toBe(true);
  });

  it("ends a connection whose peer sends a record over the limit", async () => {
    const { client, server } = await stage.pair({ recordBytesMax: 4_000 }, { recordBytesMax: 2_000 });
    const got = collect(server);
    collect(client);
    // Whether the sender hears of it in time is open.
    client.send([pattern(2_000, 1)]).catch(() => {});
    client.send([pattern(2_001, 2)]).catch(() => {});
    const reason = await server.closed;
    expect(reason?.code).toBe("TRANSPORT_RECORD_TOO_LARGE");
    expect(got.length).toBe(1);
    await client.closed;
  });
}
