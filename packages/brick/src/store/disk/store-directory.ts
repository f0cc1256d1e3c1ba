import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../store-error.js";
import { storeErrorFrom } from "./platform-error.js";

/**
 * Makes a directory and those above it, where they are missing. Not by a recursive mkdir: where a file system refuses a name
 * with ENOENT, as procfs does, that of Node never ends (measured, Node 20).
 * @throws what the platform does.
 */
export function makeStoreDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  const parent = dirname(directory);
  if (found === undefined && parent !== directory) makeStoreDirectory(parent);
  mkdirSync(directory);
}

/** What the opening of a store fails with when its place is at fault, with what to do; other errors as anywhere. */
export function openErrorOf(error: unknown, directory: string): Error {
  const { code, path = directory } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  switch (code ?? "") {
    case "EEXIST":
    case "ENOTDIR":
      return new StoreError(
        "STORE_NOT_DIRECTORY",
        `${path} is no directory, or lies below a file: name an empty directory, one that a brick made, or a new one`,
        cause,
      );
    case "EACCES":
    case "EPERM":
      return new StoreError(
        "STORE_PERMISSION",
        `${path} may not be written by this user: give it the permission, or name another directory`,
        cause,
      );
    case "ENOENT":
      return new StoreError(
        "STORE_NOT_DIRECTORY",
        `${path} cannot be made there: name another directory`,
        cause,
      );
    default:
      return storeErrorFrom(error, `open of ${directory}`);
  }
}
