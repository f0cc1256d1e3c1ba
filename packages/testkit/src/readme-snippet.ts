import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";

/** How a snippet says what it prints: behind the call of `console.log`, or behind the one that leads to it. */
const SAID = /(?:console\.log\(.*\); \/\/ |; \/\/ prints )(.*)/g;

/** What came of a snippet. */
export interface SnippetRun {
  /** The values of each call of `console.log`. */
  readonly printed: readonly (readonly unknown[])[];
  /** What it says that it prints, one text for each call. */
  readonly promised: readonly (readonly string[])[];
  /** What it exports. */
  readonly exports: unknown;
}

/**
 * Runs the first snippet of a package's README on the package's sources.
 *
 * @param root the directory of the package.
 */
export async function runReadmeSnippet(root: URL): Promise<SnippetRun> {
  const read = (name: string) => readFileSync(new URL(name, root), "utf8");
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
  if (snippet === undefined) throw new Error(`no snippet in the README of ${root.pathname}`);
  const { name } = JSON.parse(read("package.json")) as { name: string };
  const entry = JSON.stringify(fileURLToPath(new URL("src/index.ts", root)));
  // Inside the package, so that the snippet finds what the package depends on.
  const directory = fileURLToPath(new URL("node_modules/.readme/", root));
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}snippet.ts`, snippet.replace(`"${name}"`, entry));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const exports: unknown = await import(/* @vite-ignore */ `${directory}snippet.ts`);
    const promised = [...snippet.matchAll(SAID)].map(([, text = ""]) => [text]);
    return { printed: [...log.mock.calls] as unknown[][], promised, exports };
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
}
