import { readFileSync } from "node:fs";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport, createTlsTransport, createUnixTransport } from "@brickshift/transport-net";
import { z } from "zod";
import { type SocketOptionValues, socketOptions } from "./socket-options.js";
import { UsageError } from "./usage-error.js";

/** Options of `serve` for TLS, as commander gives them: paths of PEM files. */
export interface TlsOptionValues {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

/** Whether TLS was asked for. */
export function wantsTls({ tlsCert, tlsKey, tlsCa }: TlsOptionValues): boolean {
  return tlsCert !== undefined || tlsKey !== undefined || tlsCa !== undefined;
}

/** The transport for an address of `parseListenAddress`. @throws UsageError for values that are none, files that are missing or cannot be read. */
export function transportFor(address: string, values: TlsOptionValues & SocketOptionValues): Transport {
  const sockets = socketOptions(values);
  if (address.startsWith("unix:")) return createUnixTransport(sockets);
  if (address.startsWith("tcp:")) return createTcpTransport(sockets);
  const { tlsCert, tlsKey, tlsCa } = values;
  if (tlsCert === undefined || tlsKey === undefined || tlsCa === undefined) {
    throw new UsageError("TLS needs all three of --tls-cert, --tls-key and --tls-ca");
  }
  const read = (option: string, path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new UsageError(`${option}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
  const pems = {
    ...sockets,
    cert: read("--tls-cert", tlsCert),
    key: read("--tls-key", tlsKey),
    ca: read("--tls-ca", tlsCa),
  };
  try {
    return createTlsTransport(pems);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const message = `${tlsCert}, ${tlsKey} and ${tlsCa} make no TLS identity`;
    throw new UsageError(`${message}: name a certificate, its own key and an authority, each as PEM`, {
      cause: error,
    });
  }
}
