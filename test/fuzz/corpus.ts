import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./repository-root.js";
import type { FuzzTarget } from "./target.js";

/** Larger ones are of no more use than smaller ones, and are not kept. */
const KEPT_BYTES_MAX = 4_096;

/** The inputs of a target that are kept, by the names of their files. */
export function readCorpus({ corpus }: FuzzTarget): ReadonlyMap<string, Uint8Array> {
  const folder = join(repositoryRoot, corpus);
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder)
    .filter((name) => name !== "README.md")
    .toSorted();
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}

/** Keeps an input; one that failed under a name that says so, for the test that it becomes. */
export function keepInput({ corpus }: FuzzTarget, bytes: Uint8Array, kind: "regression" | "reached"): string {
  const folder = join(repositoryRoot, corpus);
  if (kind === "reached" && bytes.length > KEPT_BYTES_MAX) return "";
  mkdirSync(folder, { recursive: true });
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const path = join(folder, `${kind}-${digest}`);
  writeFileSync(path, bytes);
  return path;
}
