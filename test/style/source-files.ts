import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One file of the repository, with its path relative to the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const skipped = new Set(["node_modules", "dist", "vectors", ".git", ".turbo", "coverage", "api"]);

/** Every file under `folder` whose name ends in one of `endings`. */
export function filesUnder(folder: string, endings: readonly string[]): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...filesUnder(path, endings));
    else if (endings.some((ending) => entry.name.endsWith(ending))) {
      files.push({ path: relative(root, join(root, path)), text: readFileSync(join(root, path), "utf8") });
    }
  }
  return files;
}

/** Names of the folders under `packages` and `apps`. */
export function workspaceFolders(): string[] {
  return ["packages", "apps"].flatMap((kind) =>
    readdirSync(join(root, kind), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(kind, entry.name)),
  );
}
