import { resolve } from "node:path";
import { UsageError } from "./usage-error.js";

/** One brick to serve: the name that clients ask for, and the directory of its store. */
export interface BrickArgument {
  readonly name: string;
  readonly directory: string;
}

const namePattern = /^[A-Za-z0-9._/-]{1,255}$/;

/** Parses `NAME=DIR`. @throws UsageError */
export function parseBrickArgument(text: string): BrickArgument {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  const directory = text.slice(at + 1);
  if (at < 1 || directory === "" || !namePattern.test(name)) {
    throw new UsageError(
      `"${text}" is no brick; write --brick NAME=DIR, the name in letters, digits, ".", "_", "-" or "/"`,
    );
  }
  return { name, directory: resolve(directory) };
}
