import { TransportError } from "@brickshift/transport";

/** A host, as a name or literal without brackets, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Longest path of a Unix socket in bytes: `sun_path` of unix(7) without its final NUL. */
const UNIX_PATH_BYTES_MAX = 107;

/** Parses `SCHEME://HOST:PORT`, IPv6 in brackets. Throws `TRANSPORT_ADDRESS`. */
export function parseHostPort(address: string, scheme: "tcp" | "tls"): HostPort {
  const match = /^([a-z]+):\/\/(?:\[([\da-f:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(address);
  const host = match?.[2] ?? match?.[3];
  const port = Number(match?.[4]);
  if (match?.[1] !== scheme || host === undefined || port > 65_535) {
    throw new TransportError("TRANSPORT_ADDRESS", `not ${scheme}://HOST:PORT: ${address}`);
  }
  return { host, port };
}

/** Like {@link parseHostPort}, but port 0, which only a listener may ask for, is refused. */
export function parsePeerHostPort(address: string, scheme: "tcp" | "tls"): HostPort {
  const parsed = parseHostPort(address, scheme);
  if (parsed.port === 0) throw new TransportError("TRANSPORT_ADDRESS", `nobody can be at port 0: ${address}`);
  return parsed;
}

/** The reverse of {@link parseHostPort}. */
export function formatHostPort(scheme: "tcp" | "tls", { host, port }: HostPort): string {
  return host.includes(":") ? `${scheme}://[${host}]:${port}` : `${scheme}://${host}:${port}`;
}

/** Parses `unix:///path`, the path taken literally. Throws `TRANSPORT_ADDRESS`. */
export function parseUnixPath(address: string): string {
  const path = /^unix:\/\/(\/[^\0]+)$/.exec(address)?.[1];
  if (path === undefined) throw new TransportError("TRANSPORT_ADDRESS", `not unix:///PATH: ${address}`);
  if (Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) {
    throw new TransportError("TRANSPORT_ADDRESS", `more than ${UNIX_PATH_BYTES_MAX} bytes: ${path}`);
  }
  return path;
}
