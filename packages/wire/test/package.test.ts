import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wire from "../src/index.js";
import { errorCodes, errnoName, isProtocolError, WireError } from "../src/index.js";

const sources = readdirSync(new URL("../src/", import.meta.url)).map((file) => ({
  file,
  text: readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8"),
}));

describe("the package", () => {
  it("runs in a browser: its sources use nothing of Node", () => {
    expect(sources.length).toBeGreaterThan(25);
    const guilty = sources.filter(({ text }) => /from "node:|\bBuffer\b|\bprocess\.|\brequire\(/.test(text));
    expect(guilty.map(({ file }) => file)).toEqual([]);
  });

  it("loads zod for its schemas only", () => {
    expect(sources.filter(({ text }) => text.includes('from "zod"')).map(({ file }) => file)).toEqual([
      "schemas.ts",
    ]);
    expect(sources.filter(({ text }) => text.includes('from "./schemas.js"'))).toEqual([]);
  });

  it("throws no code that is not in the table, and has none there that nobody throws", () => {
    const thrown = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(/WireError\(\s*"(\w+)"/g)].map(([, code]) => code)),
    );
    const listed = Object.keys(errorCodes).filter((code) => code.startsWith("WIRE_"));
    expect(thrown).toEqual(new Set(listed));
  });
});

describe("an error", () => {
  it("says what, for which errno and by whose fault, in any copy of the package", () => {
    const error = new WireError("WIRE_NUMBER_RANGE", "too large", { cause: 1 });
    expect(error).toMatchObject({ tag: "WireError", name: "WireError", errno: 75, fault: "peer", cause: 1 });
    expect(error.message).toBe("WIRE_NUMBER_RANGE: too large");
    expect(isProtocolError(error)).toBe(true);
    expect(isProtocolError(Object.assign(new Error("x"), { tag: "X", code: "Y", errno: 1 }))).toBe(true);
    expect(isProtocolError(new Error("x"))).toBe(false);
    expect(isProtocolError({ tag: "X", code: "Y", errno: 1 })).toBe(false);
  });

  it("code is unique, and its errno is known", () => {
    for (const { errno } of Object.values(errorCodes)) expect(errnoName(errno)).toMatch(/^E[A-Z0-9]+$/);
    expect(errnoName(4_711)).toBe("errno 4711");
  });

  it("of an invariant is ours, and no protocol error", () => {
    expect(() => wire.invariant(false, "x")).toThrow("invariant broken: x");
    expect(() => wire.invariant(true, "x")).not.toThrow();
  });
});
