import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { Errno, errorCodes } from "../src/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));

it("the snippet of the README runs and prints what it says", async () => {
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const directory = mkdtempSync(join(tmpdir(), "wire-readme-"));
  const file = join(directory, "snippet.ts");
  writeFileSync(file, snippet!.replace('"@brickshift/wire"', JSON.stringify(entry)));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ file);
    expect(log.mock.calls).toEqual([["read", 4_096], [Errno.EISDIR]]);
  } finally {
    log.mockRestore();
    rmSync(directory, { recursive: true });
  }
});

it("the README lists every code of this package", () => {
  const codes = Object.keys(errorCodes).filter((code) => code.startsWith("WIRE_"));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});
