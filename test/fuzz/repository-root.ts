import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The root of the checkout, wherever below it this runs. */
export const repositoryRoot = rootAbove(import.meta.dirname);

function rootAbove(directory: string): string {
  if (existsSync(join(directory, "pnpm-workspace.yaml"))) return directory;
  return rootAbove(dirname(directory));
}
