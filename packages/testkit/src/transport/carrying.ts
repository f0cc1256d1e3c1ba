import { expect, it } from "vitest";
import { collect, type Stage, pattern, sameBytes, until } from "./stage.js";

const MEBIBYTE = 1_024 * 1_024;

/** Records arrive as they were sent, whatever their size and number. */
export function carrying(stage: Stage): void {
  it.each([0, 1, 3, 4, 5, 1_023, 16_383, 16_384, 16_385, 65_536, 100_000, MEBIBYTE, 5 * MEBIBYTE])(
    "carries a record of %i bytes both ways",
    async (bytes) => {
      const { client, server } = await stage.pair();
      const atServer = collect(server);
      const atClient = collect(client);
      const record = pattern(bytes, 1);
      await Promise.all([client.send([record]), server.send([record])]);
      await until(() => atServer.length === 1 && atClient.length === 1);
      expect(sameBytes(atServer[0], record)).toBe(true);
      expect(sameBytes(atClient[0], record)).toBe(true);
    },
  );

  it("joins the chunks of a record, empty ones included", async () => {
    const { client, server } = await stage.pair();
    const got = collect(server);
    const record = pattern(70_000, 2);
    const cuts = [0, 0, 1, 5, 5, 2_100, 60_000, 70_000];
    const chunks = cuts.map((cut, index) => record.subarray(cuts[index - 1] ?? 0, cut));
    await client.send(chunks);
    await client.send([]);
    await client.send([new Uint8Array(0), new Uint8Array(0)]);
    await until(() => got.length === 3);
    expect(sameBytes(got[0], record)).toBe(true);
    expect(got.slice(1).map((empty) => empty.length)).toEqual([0, 0]);
  });

  it("keeps the order of many sends that nobody waits for, both ways at once", async () => {
    const { client, server } = await stage.pair();
    const atServer = collect(server);
    const atClient = collect(client);
    const sizes = Array.from({ length: 600 }, (_, index) => [0, 1, 7, 200, 3_000, 40_000][index % 6] ?? 0);
    const records = sizes.map((bytes, index) => pattern(bytes, index));
    await Promise.all(records.flatMap((record) => [client.send([record]), server.send([record])]));
    await until(() => atServer.length === records.length && atClient.length === records.length);
    for (const [index, record] of records.entries()) {
      expect(sameBytes(atServer[index], record), `record ${index} at the server`).toBe(true);
      expect(sameBytes(atClient[index], record), `record ${index} at the client`).toBe(true);
    }
  });

  it("does not need the chunks any more once a send resolved", async () => {
    const { client, server } = await stage.pair();
    const got = collect(server);
    const chunks = [pattern(100, 1), pattern(300_000, 2)];
    const sent = Buffer.concat(chunks);
    await client.send(chunks);
    for (const chunk of chunks) chunk.fill(0);
    await until(() => got.length === 1);
    expect(sameBytes(got[0], sent)).toBe(true);
  });

  it("keeps what was sent apart from what arrives, though nobody has received it yet", async () => {
    const { client, server } = await stage.pair();
    const chunk = pattern(1_000, 1);
    await client.send([chunk]);
    chunk.fill(0);
    const got: Uint8Array[] = [];
    server.receive((record) => {
      got.push(Uint8Array.from(record));
      record.fill(9);
    });
    await until(() => got.length === 1);
    expect(sameBytes(got[0], pattern(1_000, 1))).toBe(true);
    expect(chunk.every((byte) => byte === 0)).toBe(true);
  });

  it("leaves a record alone that the handler keeps, whatever comes after", async () => {
    const { client, server } = await stage.pair();
    const kept: Uint8Array[] = [];
    server.receive((record) => void kept.push(record));
    const records = Array.from({ length: 120 }, (_, index) =>
      pattern([90, 5_000, 200_000][index % 3] ?? 0, index),
    );
    for (const record of records) await client.send([record]);
    await until(() => kept.length === records.length);
    for (const [index, record] of records.entries()) {
      expect(sameBytes(kept[index], record), `record ${index}`).toBe(true);
    }
  });

  it("keeps records that come before receive() is called", async () => {
    const { client, server } = await stage.pair();
    const records = [pattern(10, 1), pattern(20_000, 2), pattern(0, 3)];
    const sent = Promise.all(records.map((record) => client.send([record])));
    // The first can only have arrived if it was kept; what waits behind it may wait at the sender.
    await client.send([pattern(3, 4)]);
    const got = collect(server);
    await sent;
    await until(() => got.length === 4);
    expect(records.every((record, index) => sameBytes(got[index], record))).toBe(true);
  });

  it("keeps connections apart", async () => {
    const transport = stage.underTest.createTransport({});
    const atServers: Uint8Array[][] = [];
    const listener = await stage.listen(transport, (connection) => void atServers.push(collect(connection)));
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => stage.connect(transport, listener.address)),
    );
    await Promise.all(
      clients.flatMap((client, index) => [1, 2, 3].map(() => client.send([pattern(500 + index, index)]))),
    );
    await until(() => atServers.flat().length === 60);
    const lengths = atServers.map((records) => records.map((record) => record.length));
    expect(lengths.every(([first, second, third]) => first === second && second === third)).toBe(true);
    expect(new Set(lengths.flat())).toEqual(new Set(clients.map((_, index) => 500 + index)));
  });

  it("hands out plain byte arrays", async () => {
    const { client, server } = await stage.pair();
    const kinds: string[] = [];
    server.receive((record) => void kinds.push(record.constructor.name));
    for (const bytes of [0, 5, 20_000, 300_000]) await client.send([pattern(bytes, 1)]);
    await until(() => kinds.length === 4);
    expect(kinds).toEqual(Array.from({ length: 4 }, () => "Uint8Array"));
  });

  it.runIf(stage.supports.recycle)("reuses only what was recycled, and bears nonsense", async () => {
    const { client, server } = await stage.pair();
    const kept: Uint8Array[] = [];
    let count = 0;
    server.receive((record) => {
      count += 1;
      if (count % 2 === 0) kept.push(record);
      else for (let times = 0; times < 2; times += 1) server.recycle?.(record);
      server.recycle?.(new Uint8Array(100_000));
    });
    const records = Array.from({ length: 30 }, (_, index) => pattern(100_000 + (index % 3), index));
    for (const record of records) await client.send([record]);
    await until(() => count === records.length);
    const even = records.filter((_, index) => index % 2 === 1);
    expect(even.every((record, index) => sameBytes(kept[index], record))).toBe(true);
  });
}
