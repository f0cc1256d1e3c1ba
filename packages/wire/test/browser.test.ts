import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "tsup";
import { afterAll, beforeAll, expect, it } from "vitest";
import { programs } from "../src/index.js";
import { vectors } from "./support/vectors.js";

const scratch = fileURLToPath(new URL("../node_modules/.browser/", import.meta.url));
/** What the codecs may find beside the language itself. */
const browser = createContext({ TextDecoder, TextEncoder });

beforeAll(async () => {
  await build({
    entry: { wire: fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
    outDir: scratch,
    format: ["iife"],
    globalName: "wire",
    platform: "browser",
    target: "es2022",
    config: false,
    silent: true,
    dts: false,
  });
  runInContext(readFileSync(`${scratch}wire.global.js`, "utf8"), browser);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs where there is nothing of Node: reads a record and writes it again. */
const readAndWrite = `(hex) => {
  const record = Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));
  const message = wire.decodeMessage(record);
  const fop = wire.fops[wire.fopByNumber(message.header.procedure)];
  const body = wire.encodeBody(fop.request, wire.decodeBody(fop.request, message.body));
  const chunks = wire.encodeCall(message.header, body);
  return chunks.flatMap((chunk) => [...chunk].map((byte) => byte.toString(16).padStart(2, "0"))).join("");
}`;

it("reads and writes every recorded fop where there is nothing of Node", () => {
  expect(runInContext("typeof Buffer + typeof process + typeof require", browser)).toBe(
    "undefined".repeat(3),
  );
  const again = runInContext(readAndWrite, browser) as (hex: string) => string;
  const calls = vectors.filter(
    ({ program, version, direction, body }) =>
      program === programs.fop.number &&
      version === programs.fop.version &&
      direction === "call" &&
      body !== null,
  );
  expect(calls.length).toBeGreaterThan(100);
  expect(calls.filter(({ hex }) => again(hex) !== hex).map(({ name }) => name)).toEqual([]);
});
