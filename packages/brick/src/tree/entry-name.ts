import { nameByteLength } from "@brickshift/wire";
import { TreeError } from "./tree-error.js";

/** Longest name of an entry, in bytes. */
export const NAME_BYTES_MAX = 255;

/** @throws TreeError `TREE_NAME_INVALID` when empty or with "/" or NUL, `TREE_NAME_TOO_LONG`. */
export function checkEntryName(name: string): void {
  if (name === "" || name.includes("/") || name.includes("\0")) {
    throw new TreeError("TREE_NAME_INVALID", "a name is not empty and has neither / nor NUL");
  }
  if (name.length > NAME_BYTES_MAX || nameByteLength(name) > NAME_BYTES_MAX) {
    throw new TreeError("TREE_NAME_TOO_LONG", `a name has at most ${NAME_BYTES_MAX} bytes`);
  }
}

export function isDots(name: string): boolean {
  return name === "." || name === "..";
}
