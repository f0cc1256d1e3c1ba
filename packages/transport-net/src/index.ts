/**
 * Transports over TCP, Unix sockets and TLS.
 *
 * @packageDocumentation
 */
export {
  tcpTransportOptions,
  type TcpTransportOptions,
  type TcpTransportOptionsInput,
  tlsTransportOptions,
  type TlsTransportOptions,
  type TlsTransportOptionsInput,
  unixTransportOptions,
  type UnixTransportOptions,
  type UnixTransportOptionsInput,
} from "./options.js";
export { createTcpTransport } from "./tcp-transport.js";
export { createTlsTransport } from "./tls-transport.js";
export { createUnixTransport } from "./unix-transport.js";
