import { isTransportError, TransportError, type TransportErrorCode } from "@brickshift/transport";

/** What the transport was doing when the platform failed. */
export type Phase = "connect" | "handshake" | "listen" | "open";

/** Codes that mean the same whatever was being done. */
const always: Readonly<Record<string, TransportErrorCode>> = {
  EACCES: "TRANSPORT_PERMISSION",
  EPERM: "TRANSPORT_PERMISSION",
  EMFILE: "TRANSPORT_LIMIT",
  ENFILE: "TRANSPORT_LIMIT",
  ENOBUFS: "TRANSPORT_LIMIT",
  ENOMEM: "TRANSPORT_LIMIT",
};

const byPhase: Readonly<Record<Phase, Readonly<Record<string, TransportErrorCode>>>> = {
  connect: {
    ECONNREFUSED: "TRANSPORT_REFUSED",
    ECONNRESET: "TRANSPORT_REFUSED",
    // Unix sockets: no such path, or no listener that takes more.
    ENOENT: "TRANSPORT_REFUSED",
    ENOTSOCK: "TRANSPORT_REFUSED",
    EAGAIN: "TRANSPORT_REFUSED",
    ENOTDIR: "TRANSPORT_ADDRESS",
    EINVAL: "TRANSPORT_ADDRESS",
    ENAMETOOLONG: "TRANSPORT_ADDRESS",
  },
  handshake: {},
  listen: {
    EADDRINUSE: "TRANSPORT_ADDRESS_IN_USE",
  },
  open: {},
};

/** Codes not listed: whatever the kernel or the name service says of a host means that it is out of reach. */
const otherwise: Readonly<Record<Phase, TransportErrorCode>> = {
  connect: "TRANSPORT_UNREACHABLE",
  handshake: "TRANSPORT_TLS",
  listen: "TRANSPORT_ADDRESS",
  open: "TRANSPORT_LOST",
};

/**
 * The one place where platform errors become {@link TransportError}s; the platform's is kept as cause.
 * One that is translated already is returned as it is.
 */
export function translateError(error: unknown, phase: Phase): TransportError {
  if (isTransportError(error)) return error;
  const platformCode = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new TransportError(translateCode(platformCode, phase), message, { cause: error });
}

function translateCode(platformCode: string, phase: Phase): TransportErrorCode {
  const code = always[platformCode] ?? byPhase[phase][platformCode];
  if (code !== undefined) return code;
  // With TLS 1.3 a client learns that its certificate was refused only after its own handshake.
  if (/^ERR_(SSL|TLS)_/.test(platformCode)) return "TRANSPORT_TLS";
  return otherwise[phase];
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const code: unknown = (error as NodeJS.ErrnoException).code;
  if (typeof code === "string") return code;
  // A host with several addresses: the first attempt speaks for all.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}
