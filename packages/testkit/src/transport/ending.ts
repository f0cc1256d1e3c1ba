import { expect, it } from "vitest";
import {
  codeOf,
  collect,
  expectCode,
  Gate,
  pattern,
  type Stage,
  sameBytes,
  settles,
  until,
} from "./stage.js";

/** Orderly ends: half-close, close on both sides, close in every state. */
export function ending(stage: Stage): void {
  it("delivers what was sent before close(), then ends both ends in order", async () => {
    const { client, server } = await stage.pair();
    const got = collect(server);
    collect(client);
    const records = [pattern(10, 1), pattern(2_000_000, 2), pattern(0, 3)];
    const sends = records.map((record) => client.send([record]));
    const closing = client.close();
    await Promise.all(sends);
    await closing;
    expect(await client.closed).toBeUndefined();
    expect(await server.closed).toBeUndefined();
    expect(records.every((record, index) => sameBytes(got[index], record))).toBe(true);
    expect(got.length).toBe(records.length);
  });

  it("lets the peer of a closed direction go on sending until it closes too", async () => {
    const { client, server } = await stage.pair();
    const atClient = collect(client);
    let ends = 0;
    const atServer = collect(server, () => {
      ends += 1;
    });
    await client.send([pattern(5, 1)]);
    const closing = client.close();
    await until(() => ends === 1);
    expect(atServer.length).toBe(1);
    for (const bytes of [3, 500_000, 0]) await server.send([pattern(bytes, bytes)]);
    await until(() => atClient.length === 3);
    expect(await settles(client.closed)).toBe(false);
    await server.close();
    await closing;
    expect([await client.closed, await server.closed]).toEqual([undefined, undefined]);
    expect(atClient.map((record) => record.length)).toEqual([3, 500_000, 0]);
    expect(ends).toBe(1);
  });

  it("calls onEnd only when every record was handled", async () => {
    const { client, server } = await stage.pair();
    const gate = new Gate();
    const events: string[] = [];
    server.receive(
      async (record) => {
        await gate.opened;
        events.push(`record ${record.length}`);
      },
      () => void events.push("end"),
    );
    for (const bytes of [1, 2, 3]) await client.send([pattern(bytes, 1)]);
    void client.close();
    expect(await settles(server.closed)).toBe(false);
    expect(events).toEqual([]);
    gate.open();
    await until(() => events.length === 4);
    expect(events).toEqual(["record 1", "record 2", "record 3", "end"]);
  });

  it("delivers to a busy handler though both directions are closed already", async () => {
    const { client, server } = await stage.pair();
    const gate = new Gate();
    const got: number[] = [];
    server.receive(async (record) => {
      await gate.opened;
      got.push(record.length);
    });
    collect(client);
    for (const bytes of [1, 2, 3]) await client.send([pattern(bytes, 1)]);
    void server.close();
    void client.close();
    expect(await settles(server.closed)).toBe(false);
    gate.open();
    expect(await server.closed).toBeUndefined();
    expect(got).toEqual([1, 2, 3]);
  });

  it("closes from both ends at once", async () => {
    const { client, server } = await stage.pair();
    const atClient = collect(client);
    const atServer = collect(server);
    void client.send([pattern(1, 1)]);
    void server.send([pattern(2, 2)]);
    await Promise.all([client.close(), server.close()]);
    expect([await client.closed, await server.closed]).toEqual([undefined, undefined]);
    expect([atClient.length, atServer.length]).toEqual([1, 1]);
  });

  it("refuses to send after close(), and bears a second close()", async () => {
    const { client, server } = await stage.pair();
    collect(server);
    collect(client);
    const first = client.close();
    await expectCode(client.send([pattern(1, 1)]), "TRANSPORT_CLOSED");
    await Promise.all([first, client.close()]);
    await client.close();
    await expectCode(client.send([pattern(1, 1)]), "TRANSPORT_CLOSED");
    client.abort(new Error("too late"));
    expect(await client.closed).toBeUndefined();
  });

  it("closes without a handler and drops what the peer sends", async () => {
    const { client, server } = await stage.pair();
    collect(server);
    await server.send([pattern(1_000, 1)]);
    await client.close();
    expect([await client.closed, await server.closed]).toEqual([undefined, undefined]);
  });

  it("may be closed by the handler", async () => {
    const { client, server } = await stage.pair();
    const got: number[] = [];
    server.receive((record) => {
      got.push(record.length);
      void server.close();
    });
    collect(client);
    await client.send([pattern(7, 1)]);
    expect(await client.closed).toBeUndefined();
    expect(await server.closed).toBeUndefined();
    expect(got).toEqual([7]);
  });

  it("takes a handler once", async () => {
    const { client } = await stage.pair();
    client.receive(() => {});
    expect(() => client.receive(() => {})).toThrow("once");
  });

  it.each(["throws", "rejects"] as const)("ends when the handler %s", async (how) => {
    const { client, server } = await stage.pair();
    const cause = new Error("handler");
    let calls = 0;
    server.receive(() => {
      calls += 1;
      if (how === "throws") throw cause;
      return Promise.reject(cause);
    });
    collect(client);
    client.send([pattern(1, 1)]).catch(() => {});
    client.send([pattern(1, 1)]).catch(() => {});
    const reason = await server.closed;
    expect(codeOf(reason)).toBe("TRANSPORT_HANDLER_FAILED");
    expect(reason?.cause).toBe(cause);
    expect(calls).toBe(1);
    await client.closed;
  });

  it("ends when onEnd throws", async () => {
    const { client, server } = await stage.pair();
    server.receive(
      () => {},
      () => {
        throw new Error("onEnd");
      },
    );
    collect(client);
    void client.close();
    expect(codeOf(await server.closed)).toBe("TRANSPORT_HANDLER_FAILED");
  });
}
