import { readFileSync } from "node:fs";
import type { BrickServerOptionsInput } from "@brickshift/brick";
import { parseRecallTimeout } from "./recall-timeout.js";
import { parseConnectionsMax, type SocketOptionValues } from "./socket-options.js";
import { UsageError } from "./usage-error.js";

/** Options of `serve` that are options of its bricks, as commander gives them. */
export interface BrickOptionValues extends SocketOptionValues {
  readonly recallTimeout?: string;
  readonly cacheInvalidation?: string;
  readonly compat?: "gluster-10.3";
  readonly allow?: readonly string[];
  /** `NAME=FILE`. */
  readonly user?: readonly string[];
}

/** Longest time that stock clients are told to cache, in seconds. */
const CACHE_SECONDS_MAX = 600;

/** @throws {@link UsageError} for a value that is none. */
export function brickOptions(values: BrickOptionValues): BrickServerOptionsInput {
  const { recallTimeout = "60000", cacheInvalidation, compat, allow = [], user = [] } = values;
  return {
    ...(compat !== undefined && { compat }),
    connectionsMax: parseConnectionsMax(values),
    leases: { recallTimeoutMs: parseRecallTimeout(recallTimeout) },
    login: {
      ...(allow.length > 0 && { allow: [...allow] }),
      users: Object.fromEntries(user.map(parseUser)),
    },
    ...(cacheInvalidation !== undefined && {
      cacheInvalidation: { timeoutMs: parseCacheSeconds(cacheInvalidation) * 1_000 },
    }),
  };
}

/** `NAME=FILE`: a file, for a command line is everybody's to read. Its first line is the password. */
function parseUser(text: string): [string, string] {
  const [, name, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || path === undefined) {
    throw new UsageError(`"${text}" is no user; write --user NAME=FILE, the file holding the password`);
  }
  let password: string | undefined;
  try {
    [password] = readFileSync(path, "utf8").split("\n");
  } catch (cause) {
    throw new UsageError(`--user: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (password === undefined || password === "") throw new UsageError(`--user: ${path} holds no password`);
  return [name, password];
}

function parseCacheSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= CACHE_SECONDS_MAX) return seconds;
  throw new UsageError(`--cache-invalidation takes 1 to ${CACHE_SECONDS_MAX} seconds, not "${text}"`);
}
