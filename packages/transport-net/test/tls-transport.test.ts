import { connect, type ConnectionOptions } from "node:tls";
import type { Connection } from "@brickshift/transport";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
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

/** Connects without the transport; resolves with the code of what goes wrong. */
function failureOf(address: string, options: ConnectionOptions): Promise<string | undefined> {
  const { hostname: host, port } = new URL(address);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...options });
  undo.push(() => socket.destroy());
  return new Promise((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

it("names the peer by its certificate, at both ends", async () => {
  const { address, arrived } = await listenAs(identities.server);
  const client = await createTlsTransport(identities.client).connect(address);
  client.receive(() => {});
  await client.send([new Uint8Array(1)]);
  expect(client.peer.certificateName).toBe("brick-1");
  await vi.waitUntil(() => arrived.length === 1);
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

it("ends the connection of a client that another authority certified, and presents it to nobody", async () => {
  const { address, arrived } = await listenAs(identities.server);
  const client = await createTlsTransport(identities.stranger).connect(address);
  client.receive(() => {});
  // Node tells the client no reason: with TLS 1.3 its own handshake was through by then.
  expect((await client.closed)?.code).toBeOneOf([undefined, "TRANSPORT_LOST", "TRANSPORT_TLS"]);
  expect(arrived).toEqual([]);
});

it("refuses a client without a certificate", async () => {
  const { address, arrived } = await listenAs(identities.server);
  expect(await failureOf(address, {})).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
  expect(arrived).toEqual([]);
});

it("refuses a version below 1.2", async () => {
  const { address } = await listenAs(identities.server);
  // Security level 0 lets the client offer such a version at all.
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;
  expect(await failureOf(address, { ...identities.client, ...old })).toMatch(/^ERR_SSL_|^ECONNRESET$/);
});

it("refuses options that are no identity before any I/O, and does not quote the key", () => {
  const { cert, ca } = identities.client;
  const { key } = identities.server;
  const make = () => createTlsTransport({ cert, key, ca });
  expect(make).toThrow("do not make a TLS identity");
  expect(make).not.toThrow(key.slice(40, 80));
  expect(() => createTlsTransport({ cert, key: "secret", ca })).toThrow("key");
});
