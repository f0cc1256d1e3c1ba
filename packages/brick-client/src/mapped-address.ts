/**
 * The address of another port of the same host: `tcp://HOST:24007` and 49152 make `tcp://HOST:49152`.
 * `undefined` for an address without a port, such as a Unix socket's.
 */
export function mappedAddress(address: string, port: number): string | undefined {
  return /:\d+$/.test(address) ? address.replace(/\d+$/, String(port)) : undefined;
}
