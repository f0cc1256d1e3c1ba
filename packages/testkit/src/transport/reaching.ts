import type { Connection } from "@brickshift/transport";
import { expect, it } from "vitest";
import { codeOf, collect, expectCode, pattern, type Stage, until } from "./stage.js";

/** Addresses, listeners, and attempts that fail or are called off. */
export function reaching(stage: Stage): void {
  it("names its schemes, and the peer in the same notation", async () => {
    const { schemes } = stage.underTest.createTransport({});
    const { client, server, listener } = await stage.pair();
    expect(client.peer.address).toBe(listener.address);
    for (const address of [client.peer.address, server.peer.address]) {
      expect(schemes).toContain(address.split(":")[0]);
    }
  });

  it("refuses to connect where nobody listens", async () => {
    const transport = stage.underTest.createTransport({});
    await expectCode(transport.connect(stage.underTest.deadAddress()), "TRANSPORT_REFUSED");
  });

  it("refuses malformed addresses", async () => {
    const transport = stage.underTest.createTransport({});
    for (const address of ["", "nonsense", "wrong-scheme://there", ...stage.underTest.malformedAddresses]) {
      await expectCode(transport.connect(address), "TRANSPORT_ADDRESS");
      await expectCode(
        transport.listen(address, () => {}),
        "TRANSPORT_ADDRESS",
      );
    }
  });

  it("does not connect when the signal is aborted already", async () => {
    const transport = stage.underTest.createTransport({});
    let arrivals = 0;
    const listener = await stage.listen(transport, () => {
      arrivals += 1;
    });
    await expectCode(
      transport.connect(listener.address, { signal: AbortSignal.abort() }),
      "TRANSPORT_ABORTED",
    );
    const client = await stage.connect(transport, listener.address);
    await until(() => arrivals >= 1);
    expect(arrivals).toBe(1);
    expect(client.peer.address).toBe(listener.address);
  });

  it("gives up connecting when the signal aborts", async () => {
    const transport = stage.underTest.createTransport({});
    const arrived: Connection[] = [];
    const listener = await stage.listen(transport, (connection) => {
      collect(connection);
      arrived.push(connection);
    });
    const controller = new AbortController();
    const attempt = transport.connect(listener.address, { signal: controller.signal });
    const cause = new Error("no more");
    controller.abort(cause);
    await expectCode(attempt, "TRANSPORT_ABORTED");
    // Should the listener have seen it come, it sees it go.
    await Promise.all(arrived.map((connection) => connection.closed));
  });

  it("minds the signal only while connecting", async () => {
    const transport = stage.underTest.createTransport({});
    let server: Connection | undefined;
    const listener = await stage.listen(transport, (connection) => {
      server = connection;
    });
    const controller = new AbortController();
    const client = await stage.connect(transport, listener.address, controller.signal);
    controller.abort();
    await until(() => server !== undefined);
    const got = server === undefined ? [] : collect(server);
    await client.send([pattern(5, 1)]);
    await until(() => got.length === 1);
  });

  it("refuses to listen twice on one address, and once it is closed does not", async () => {
    const transport = stage.underTest.createTransport({});
    const listener = await stage.listen(transport, () => {});
    await expectCode(
      transport.listen(listener.address, () => {}),
      "TRANSPORT_ADDRESS_IN_USE",
    );
    await listener.close();
    const again = await stage.listen(transport, () => {}, listener.address);
    expect(again.address).toBe(listener.address);
    await expectCode(
      transport.listen(listener.address, () => {}),
      "TRANSPORT_ADDRESS_IN_USE",
    );
  });

  it("leaves connections open when the listener closes, and takes no more", async () => {
    const { client, server, listener } = await stage.pair();
    const got = collect(server);
    collect(client);
    await listener.close();
    await listener.close();
    await expectCode(stage.underTest.createTransport({}).connect(listener.address), "TRANSPORT_REFUSED");
    await client.send([pattern(9, 1)]);
    await until(() => got.length === 1);
    await client.close();
    expect(codeOf(await server.closed)).toBeUndefined();
  });
}
