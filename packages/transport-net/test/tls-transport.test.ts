import { connect } from "node:tls";
import type { Connection } from "@brickshift/transport";
import { afterEach, beforeAll, expect, it } from "vitest";
import { createTlsTransport } from "../src/index.js";
import { type Identities, type Identity, makeIdentities } from "./identities.js";

let identities: Identities;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  identities = await makeIdentities();
});

afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** Listens as `identity`; resolves with the address and whoever arrives. */
async function listenAs(identity: Identity) {
  const arrived: Connection[] = [];
  const listener = await createTlsTransport(identity).listen("tls://127.0.0.1:0", (connection) => {
    undo.push(() => connection.abort());
    arrived.push(connection);
    connection.receive(() => {});
  });
  undo.push(() => listener.close());
  return { address: listener.address, arrived };
}

it("names the peer by its certificate, at both ends", async () => {
  const { address, arrived } = await listenAs(identities.server);
  const client = await createTlsTransport(identities.client).connect(address);
  client.receive(() => {});
  await client.send([new Uint8Array(1)]);
  expect(client.peer.certificateName).toBe("brick-1");
  expect(arrived[0]?.peer.certificateName).toBe("runner-1");
  await client.close();
  expect(await client.closed).toBeUndefined();
});

it("refuses a server that another authority certified", async () => {
  const { address, arrived } = await listenAs(identities.stranger);
  const attempt = createTlsTransport(identities.client).connect(address);
  await expect(attempt).rejects.toMatchObject({ code: "TRANSPORT_TLS" });
  expect(arrived).toEqual([]);
});

it("refuses a client that another authority certified, who learns it on the connection", async () => {
  const { address, arrived } = await listenAs(identities.server);
  const client = await createTlsTransport(identities.stranger).connect(address);
  client.receive(() => {});
  expect(await client.closed).toMatchObject({ code: "TRANSPORT_TLS" });
  expect(arrived).toEqual([]);
});

it("refuses a client without a certificate", async () => {
  const { address, arrived } = await listenAs(identities.server);
  const { hostname: host, port } = new URL(address);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
    socket.on("error", resolve);
  });
  expect(error.code).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
  expect(arrived).toEqual([]);
});

it("refuses a version below 1.2", async () => {
  const { address } = await listenAs(identities.server);
  const { hostname: host, port } = new URL(address);
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", rejectUnauthorized: false } as const;
  const socket = connect({ host, port: Number(port), ...identities.client, ...old });
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
    socket.on("error", resolve);
  });
  expect(error.code).toMatch(/^ERR_SSL_|^ECONNRESET$/);
});

it("refuses options that are no identity before any I/O, and does not quote the key", () => {
  const { cert, ca } = identities.client;
  const { key } = identities.server;
  const make = () => createTlsTransport({ cert, key, ca });
  expect(make).toThrow("do not make a TLS identity");
  expect(make).not.toThrow(key.slice(40, 80));
  expect(() => createTlsTransport({ cert, key: "secret", ca })).toThrow("key");
});
