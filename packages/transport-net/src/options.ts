import { createSecureContext } from "node:tls";
import { connectionLimits } from "@brickshift/transport";
import { z } from "zod";

/** What all socket transports take. */
export const socketTransportOptions = connectionLimits.extend({
  /** Most connections open at one listener, handshakes counted; one more is closed at once. */
  connectionsMax: z.int().min(1).default(1_024),
  /** Time to make a connection, handshake included, in ms; then `TRANSPORT_UNREACHABLE`. */
  connectTimeoutMs: z.int().min(1).max(600_000).default(20_000),
  /**
   * Time in which a record must be whole once its first byte came, in ms, however its bytes trickle; time in which this
   * end does not read is not counted. Then the connection ends with `TRANSPORT_STALLED`.
   */
  recordTimeoutMs: z.int().min(1).max(86_400_000).default(180_000),
  /** Time in which the peer must take the next of the records sent to it, in ms; then it ends in the same way. */
  sendTimeoutMs: z.int().min(1).max(86_400_000).default(180_000),
  /** Most bytes of recycled record buffers that are kept for reuse, of all connections together. */
  poolBytesMax: z
    .int()
    .min(0)
    .default(64 * 1_024 * 1_024),
});

/** Options of {@link createUnixTransport}. */
export const unixTransportOptions = socketTransportOptions.extend({
  /** Whether large records are read straight into their buffers; off, they are copied once. */
  isSteered: z.boolean().default(true),
});
export type UnixTransportOptionsInput = z.input<typeof unixTransportOptions>;
export type UnixTransportOptions = Readonly<z.output<typeof unixTransportOptions>>;

/** Options of {@link createTcpTransport}. */
export const tcpTransportOptions = unixTransportOptions.extend({
  /** Silence after which the kernel asks whether the peer is still there, in ms. */
  keepAliveMs: z.int().min(1_000).max(7_200_000).default(20_000),
});
export type TcpTransportOptionsInput = z.input<typeof tcpTransportOptions>;
export type TcpTransportOptions = Readonly<z.output<typeof tcpTransportOptions>>;

const pem = z.string().includes("-----BEGIN ");

/** Options of {@link createTlsTransport}. */
export const tlsTransportOptions = socketTransportOptions
  .extend({
    /** Silence after which the kernel asks whether the peer is still there, in ms. */
    keepAliveMs: z.int().min(1_000).max(7_200_000).default(20_000),
    /** This end's certificate, with intermediate ones after it, as PEM. */
    cert: pem,
    /** The private key of `cert`, as PEM. */
    key: pem,
    /** Certificates of the authorities that peers must be certified by, as PEM. */
    ca: pem,
  })
  .superRefine(({ cert, key, ca }, context) => {
    try {
      createSecureContext({ cert, key, ca });
    } catch {
      // The reason is left out: OpenSSL may quote the input, which holds the key.
      context.addIssue({ code: "custom", message: "cert, key and ca do not make a TLS identity" });
    }
  });
export type TlsTransportOptionsInput = z.input<typeof tlsTransportOptions>;
export type TlsTransportOptions = Readonly<z.output<typeof tlsTransportOptions>>;

/** What a connection over a socket needs to know. */
export type SocketTransportOptions = Readonly<z.output<typeof socketTransportOptions>>;
