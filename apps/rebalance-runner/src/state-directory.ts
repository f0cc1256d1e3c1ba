import { homedir } from "node:os";
import { join } from "node:path";
import type { BrickUrl } from "./brick-url.js";

/**
 * Where the journal of a pair of bricks lies when the user does not say: a directory named for both under
 * `$XDG_STATE_HOME/brickshift`, or `~/.local/state/brickshift`.
 */
export function defaultStateDirectory(
  source: BrickUrl,
  destination: BrickUrl,
  env: NodeJS.ProcessEnv,
): string {
  const home = env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  const name = [source, destination].map(({ text }) => text.replace(/[^A-Za-z0-9._-]+/g, "_")).join("--");
  return join(home, "brickshift", name);
}
