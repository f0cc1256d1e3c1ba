import { UsageError } from "./usage-error.js";

/**
 * Turns `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH` into an address of a transport.
 * @param tls whether a TLS certificate was given
 * @throws UsageError when it is neither, or a Unix socket is to carry TLS.
 */
export function parseListenAddress(text: string, tls: boolean): string {
  const unix = /^unix:(?:\/\/)?(.+)$/.exec(text);
  if (unix?.[1] !== undefined) {
    if (tls) throw new UsageError(`"${text}": a Unix socket carries no TLS; listen on HOST:PORT instead`);
    return `unix://${unix[1].startsWith("/") ? "" : `${process.cwd()}/`}${unix[1]}`;
  }
  const host = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(host?.[2]);
  if (host === null || port > 65_535) {
    throw new UsageError(
      `"${text}" is no address to listen on; write HOST:PORT (port 0: any free one) or unix:PATH`,
    );
  }
  return `${tls ? "tls" : "tcp"}://${host[1]}:${port}`;
}
