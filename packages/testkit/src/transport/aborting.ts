import { type Connection, TransportError } from "@brickshift/transport";
import { expect, it } from "vitest";
import { codeOf, collect, expectCode, Gate, pattern, quiet, type Stage, settles, until } from "./stage.js";

/** Abort in every state, and a `closed` that settles once. */
export function aborting(stage: Stage): void {
  const expectNotice = async (peer: Connection) => {
    const code = codeOf(await peer.closed);
    if (stage.supports.abortNotice) expect(code).toBe("TRANSPORT_LOST");
    else expect(code).toBeOneOf(["TRANSPORT_LOST", undefined]);
  };

  it("ends both ends at once, before anybody receives", async () => {
    const { client, server } = await stage.pair();
    const cause = new Error("enough");
    client.abort(cause);
    const reason = await client.closed;
    expect(codeOf(reason)).toBe("TRANSPORT_ABORTED");
    expect(reason?.cause).toBe(cause);
    collect(server);
    await expectNotice(server);
  });

  it("ends an idle connection", async () => {
    const { client, server } = await stage.pair();
    collect(client);
    collect(server);
    server.abort();
    expect(codeOf(await server.closed)).toBe("TRANSPORT_ABORTED");
    await expectNotice(client);
  });

  it("gives a transport error as it is", async () => {
    const { client } = await stage.pair();
    const reason = new TransportError("TRANSPORT_LOST", "no answer to pings");
    client.abort(reason);
    expect(await client.closed).toBe(reason);
  });

  it("settles every pending send, and refuses further ones", async () => {
    const { client, server } = await stage.pair();
    server.receive(() => new Gate().opened);
    const sends: Promise<void>[] = [];
    do sends.push(client.send([new Uint8Array(256 * 1_024)]));
    while (sends.length < 200 && (await settles(sends.at(-1) ?? Promise.resolve())));
    for (let more = 0; more < 20; more += 1) sends.push(client.send([new Uint8Array(256 * 1_024)]));
    const outcomes = Promise.allSettled(sends);
    client.abort();
    const codes = (await outcomes).map((outcome) =>
      outcome.status === "rejected" ? codeOf(outcome.reason) : "sent",
    );
    expect(codes.at(-1)).toBe("TRANSPORT_CLOSED");
    expect(new Set(codes.filter((code) => code !== "sent"))).toEqual(
      new Set(
        codes.includes("TRANSPORT_LOST") ? ["TRANSPORT_LOST", "TRANSPORT_CLOSED"] : ["TRANSPORT_CLOSED"],
      ),
    );
    await expectCode(client.send([]), "TRANSPORT_CLOSED");
  });

  it("drops what was not delivered, also while the handler is busy", async () => {
    const { client, server } = await stage.pair();
    const gate = new Gate();
    let calls = 0;
    server.receive(() => {
      calls += 1;
      return gate.opened;
    });
    for (let count = 0; count < 5; count += 1) await client.send([pattern(10, count)]);
    await until(() => calls === 1);
    server.abort();
    gate.open();
    await quiet();
    expect(calls).toBe(1);
    expect(codeOf(await server.closed)).toBe("TRANSPORT_ABORTED");
  });

  it("may come from within the handler", async () => {
    const { client, server } = await stage.pair();
    let calls = 0;
    server.receive(() => {
      calls += 1;
      server.abort();
    });
    await Promise.allSettled([1, 2, 3].map((bytes) => client.send([pattern(bytes, 1)])));
    expect(codeOf(await server.closed)).toBe("TRANSPORT_ABORTED");
    expect(calls).toBe(1);
  });

  it("cuts a close() short that waits for a peer who does not close", async () => {
    const { client, server } = await stage.pair();
    collect(client);
    let hasEnded = false;
    server.receive(
      () => {},
      () => {
        hasEnded = true;
      },
    );
    const closing = client.close();
    await until(() => hasEnded);
    expect(await settles(closing)).toBe(false);
    client.abort();
    await closing;
    expect(codeOf(await client.closed)).toBe("TRANSPORT_ABORTED");
    server.abort();
    expect(codeOf(await server.closed)).toBeOneOf(["TRANSPORT_ABORTED", "TRANSPORT_LOST"]);
  });

  it("cuts a close() short that waits for a peer who does not read", async () => {
    const { client, server } = await stage.pair();
    server.receive(() => new Gate().opened);
    const sends: Promise<void>[] = [];
    do sends.push(client.send([new Uint8Array(256 * 1_024)]));
    while (sends.length < 200 && (await settles(sends.at(-1) ?? Promise.resolve())));
    const outcomes = Promise.allSettled(sends);
    const closing = client.close();
    expect(await settles(closing)).toBe(false);
    client.abort();
    await closing;
    await outcomes;
    expect(codeOf(await client.closed)).toBe("TRANSPORT_ABORTED");
  });

  it("ends a connection whose peer has closed its direction", async () => {
    const { client, server } = await stage.pair();
    let hasEnded = false;
    client.receive(
      () => {},
      () => {
        hasEnded = true;
      },
    );
    const closing = server.close();
    await until(() => hasEnded);
    client.abort();
    expect(codeOf(await client.closed)).toBe("TRANSPORT_ABORTED");
    await closing;
    await expectNotice(server);
  });

  it("is harmless once both ends have closed in order", async () => {
    const { client, server } = await stage.pair();
    collect(client);
    collect(server);
    await Promise.all([client.close(), server.close()]);
    client.abort(new Error("too late"));
    await quiet();
    expect([await client.closed, await server.closed]).toEqual([undefined, undefined]);
    await expectCode(client.send([]), "TRANSPORT_CLOSED");
  });

  it("counts once: the first reason stays", async () => {
    const { client, server } = await stage.pair();
    collect(server);
    const first = new Error("first");
    client.abort(first);
    client.abort(new Error("second"));
    await client.close();
    await server.closed;
    await quiet();
    client.abort(new Error("third"));
    expect((await client.closed)?.cause).toBe(first);
  });

  it("drops a connection whose handler at the listener throws", async () => {
    const transport = stage.underTest.createTransport({});
    let accepted: Connection | undefined;
    const listener = await stage.listen(transport, (connection) => {
      accepted = connection;
      throw new Error("not today");
    });
    // The end may come before the client knows that it was connected at all.
    const outcome = await stage.connect(transport, listener.address).then(async (client) => {
      collect(client);
      return codeOf(await client.closed);
    }, codeOf);
    const unnoticed = stage.supports.abortNotice ? [] : [undefined];
    expect(outcome).toBeOneOf(["TRANSPORT_REFUSED", "TRANSPORT_LOST", ...unnoticed]);
    expect(codeOf(await accepted?.closed)).toBe("TRANSPORT_HANDLER_FAILED");
  });
}
