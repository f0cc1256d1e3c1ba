import { readFileSync } from "node:fs";
import { CommandError, ExitCode } from "./exit-code.js";

/** Paths of the PEM files with which a client proves who it is, as given on the command line. */
export interface TlsPaths {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

/** The same, read. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * Reads the three files; `undefined` when none is named.
 * @throws CommandError `usage` when only some are named, or one cannot be read.
 */
export function readTlsFiles(paths: TlsPaths): TlsMaterial | undefined {
  const { tlsCert, tlsKey, tlsCa } = paths;
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined || tlsCa === undefined) {
    throw new CommandError(ExitCode.usage, "TLS needs all three of --tls-cert, --tls-key and --tls-ca");
  }
  const read = (option: string, path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new CommandError(
        ExitCode.usage,
        `${option}: ${path} cannot be read: ${(cause as Error).message}`,
        { cause },
      );
    }
  };
  return { cert: read("--tls-cert", tlsCert), key: read("--tls-key", tlsKey), ca: read("--tls-ca", tlsCa) };
}
