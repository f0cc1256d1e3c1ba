import { UsageError } from "./usage-error.js";

/** Options of `serve` about the sockets of its clients, as commander gives them. */
export interface SocketOptionValues {
  readonly connectionsMax?: string;
  readonly recordTimeout?: string;
}

/** What the transports of bricks take of them. */
export interface SocketOptions {
  readonly connectionsMax: number;
  readonly recordTimeoutMs: number;
}

/** Default of the bricks. */
const CONNECTIONS_MAX = 4_096;
/**
 * Sockets beyond the limit of the bricks: those whose TLS handshake runs, and those that are about to be refused. The bricks
 * tell whom they refuse; a socket beyond these is closed without a word.
 */
const PENDING_MAX = 1_024;
const RECORD_TIMEOUT_MS = 180_000;

/** @throws {@link UsageError} for a value that is none. */
export function socketOptions(values: SocketOptionValues): SocketOptions {
  return {
    connectionsMax: parseConnectionsMax(values) + PENDING_MAX,
    recordTimeoutMs: parseRecordTimeout(values),
  };
}

/** The most connections that bricks take, all together. @throws {@link UsageError} */
export function parseConnectionsMax({ connectionsMax }: SocketOptionValues): number {
  return wholeNumber("--connections-max", connectionsMax, CONNECTIONS_MAX, 1_000_000);
}

function parseRecordTimeout({ recordTimeout }: SocketOptionValues): number {
  return wholeNumber("--record-timeout", recordTimeout, RECORD_TIMEOUT_MS, 86_400_000);
}

function wholeNumber(option: string, text: string | undefined, absent: number, max: number): number {
  if (text === undefined) return absent;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new UsageError(`${option} takes 1 to ${max}, not "${text}"`);
}
