import { cpSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Survives } from "../src/index.js";

/**
 * Copies a store as it would be found if its process were killed now, or the machine lost power: then all that was never synced is
 * gone, which is the worst that can happen to it.
 */
export function copyAfter(end: Survives, store: string, copy: string): void {
  cpSync(store, copy, { recursive: true, filter: (path) => !/\/lock[^/]*$/.test(path) });
  if (end === "power-cut") truncateSync(join(copy, "changes"), 0);
}
