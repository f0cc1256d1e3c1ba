import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { transportCompliance } from "@brickshift/testkit";
import { beforeAll, describe } from "vitest";
import { createTcpTransport, createTlsTransport, createUnixTransport } from "../src/index.js";
import { type Identities, makeIdentities } from "./identities.js";
import { rawPeer } from "./raw-peer.js";

const hostPort = (address: string) => {
  const { hostname: host, port } = new URL(address);
  return { host, port: Number(port) };
};

const malformedHostPorts = (scheme: string) =>
  [
    "127.0.0.1",
    "127.0.0.1:",
    ":1",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "::1:1",
    "a b:1",
    "u@h:1",
    "h:1/x",
  ].map((rest) => `${scheme}://${rest}`);

describe.each([true, false])("TCP, steered: %s", (isSteered) => {
  transportCompliance({
    setup: () => ({
      createTransport: (limits) => createTcpTransport({ ...limits, isSteered }),
      listenAddress: () => "tcp://127.0.0.1:0",
      deadAddress: () => "tcp://127.0.0.1:1",
      malformedAddresses: malformedHostPorts("tcp"),
      rawConnect: (address) => rawPeer(connect(hostPort(address))),
    }),
    teardown() {},
    supports: { abortNotice: true, rawBytes: true, recycle: true },
  });
});

describe.each([true, false])("Unix sockets, steered: %s", (isSteered) => {
  let directory = "";
  transportCompliance({
    async setup() {
      directory = await mkdtemp(join(tmpdir(), "brickshift-"));
      let listeners = 0;
      return {
        createTransport: (limits) => createUnixTransport({ ...limits, isSteered }),
        listenAddress: () => `unix://${directory}/${(listeners += 1)}.sock`,
        deadAddress: () => `unix://${directory}/nobody.sock`,
        malformedAddresses: ["unix://relative.sock", "unix://", `unix:///${"a".repeat(107)}`],
        rawConnect: (address) => rawPeer(connect({ path: address.slice("unix://".length) })),
      };
    },
    async teardown() {
      await rm(directory, { recursive: true });
    },
    supports: { abortNotice: false, rawBytes: true, recycle: true },
  });
});

describe("TLS", () => {
  let identities: Identities;
  beforeAll(async () => {
    identities = await makeIdentities();
  });
  transportCompliance({
    setup: () => ({
      createTransport: (limits) => createTlsTransport({ ...limits, ...identities.server }),
      listenAddress: () => "tls://127.0.0.1:0",
      deadAddress: () => "tls://127.0.0.1:1",
      malformedAddresses: malformedHostPorts("tls"),
      rawConnect: (address) =>
        rawPeer(
          connectTls({ ...hostPort(address), ...identities.client, checkServerIdentity: () => undefined }),
          "secureConnect",
        ),
    }),
    teardown() {},
    supports: { abortNotice: false, rawBytes: true, recycle: true },
  });
});
