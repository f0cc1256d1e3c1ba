import { isProtocolError } from "@brickshift/wire";
import { StoreError, type StoreErrorCode } from "../store-error.js";

const codes: ReadonlyMap<string, StoreErrorCode> = new Map([
  ["ENOENT", "STORE_BLOB_MISSING"],
  ["EEXIST", "STORE_BLOB_EXISTS"],
  ["ENOSPC", "STORE_NO_SPACE"],
  ["EDQUOT", "STORE_NO_SPACE"],
  ["EROFS", "STORE_READ_ONLY"],
  ["EFBIG", "STORE_FILE_TOO_BIG"],
  ["EMFILE", "STORE_FILES_MAX"],
  ["ENFILE", "STORE_FILES_MAX"],
]);

/** The one place where what Node and lmdb throw becomes a {@link StoreError}; the original stays as `cause`. */
export function storeErrorFrom(error: unknown, doing: string): Error {
  if (isProtocolError(error)) return error;
  const platformCode = (error as { code?: unknown } | undefined)?.code;
  const message = error instanceof Error ? error.message : String(error);
  const code =
    codes.get(String(platformCode)) ?? (/no space left/i.test(message) ? "STORE_NO_SPACE" : "STORE_IO");
  return new StoreError(code, `${doing}: ${message}`, { cause: error });
}
