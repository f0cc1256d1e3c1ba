import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../src/config-file.js";
import { UsageError } from "../src/usage-error.js";
import { checkVolumes, parseOptionArguments, planVolume } from "../src/volume-plan.js";

const plan = (name: string, ...bricks: readonly string[]) =>
  planVolume({ name, bricks, options: {}, brickPort: 0 }, "/srv");

describe("a volume", () => {
  it("has bricks in directories, relative ones below the base", () => {
    expect(plan("demo", "b0", "/other/b1/").directories).toEqual(["/srv/b0", "/other/b1"]);
  });

  it.each(["", "a b", "a/b", "a".repeat(201), "`a`"])("cannot be named %j", (name) => {
    expect(() => plan(name, "b0")).toThrow(UsageError);
  });

  it.each(["", "`b`", "b\n", "b".repeat(256)])("cannot have a brick in %j", (directory) => {
    expect(() => plan("demo", directory)).toThrow("directory of a brick");
  });

  it("has at least one brick, and names no directory twice", () => {
    expect(() => plan("demo")).toThrow("--brick DIR");
    expect(() => checkVolumes([plan("demo", "b0", "/srv/b0/")])).toThrow(
      '/srv/b0 is named twice, as a brick of volume "demo"',
    );
    expect(() => checkVolumes([plan("a", "b0"), plan("b", "b1", "b0")])).toThrow('of "a" and of "b"');
    expect(() => checkVolumes([plan("a", "b0"), plan("a", "b1")])).toThrow('two volumes are named "a"');
    expect(() => checkVolumes([plan("a", "b0"), plan("b", "b1")])).not.toThrow();
  });
});

describe("--option", () => {
  it("is a name and a value, which may hold an equals sign", () => {
    expect(parseOptionArguments(["a.b=c", "d=e=f", "g="])).toEqual({ "a.b": "c", d: "e=f", g: "" });
  });

  it.each(["a", "=b", ""])("%j is refused", (text) => {
    expect(() => parseOptionArguments([text])).toThrow("NAME=VALUE");
  });
});

describe("a configuration file", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "emulator-config-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function read(content: unknown) {
    const path = join(directory, "volumes.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return readConfig(path);
  }

  it("names volumes with their bricks, relative to it, and options as texts, numbers or booleans", () => {
    const { listen, host, volumes } = read({
      listen: "0.0.0.0:24007",
      volumes: [
        { name: "a", bricks: ["b0", "/b1"], options: { ctime: false, "network.ping-timeout": 5 } },
        { name: "b", bricks: ["c0"], brickPort: 49_152, options: { "performance.quick-read": "off" } },
      ],
    });
    expect([listen, host]).toEqual(["0.0.0.0:24007", undefined]);
    expect(volumes).toEqual([
      {
        name: "a",
        directories: [join(directory, "b0"), "/b1"],
        options: new Map([
          ["ctime", "off"],
          ["network.ping-timeout", "5"],
        ]),
        brickPort: 0,
        stopped: new Set(),
      },
      {
        name: "b",
        directories: [join(directory, "c0")],
        options: new Map([["performance.quick-read", "off"]]),
        brickPort: 49_152,
        stopped: new Set(),
      },
    ]);
  });

  it.each([
    ["no JSON", "{", "is no JSON"],
    ["no volume", { volumes: [] }, "volumes"],
    ["an unknown key", { volumes: [{ name: "a", bricks: ["b"], replica: 2 }] }, "replica"],
    ["no brick", { volumes: [{ name: "a", bricks: [] }] }, "volumes[0].bricks"],
    [
      "an option that does not exist",
      { volumes: [{ name: "a", bricks: ["b"], options: { x: "on" } }] },
      '"x"',
    ],
    ["a directory twice", { volumes: [{ name: "a", bricks: ["b", "b"] }] }, "named twice"],
  ])("with %s is refused with what is wrong", (_what, content, hint) => {
    expect(() => read(content)).toThrow(hint);
  });

  it("that is not there is refused", () => {
    expect(() => readConfig(join(directory, "nobody.json"))).toThrow(UsageError);
  });
});
