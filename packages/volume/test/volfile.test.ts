import { readFileSync } from "node:fs";
import { decodeBody, decodeMessage, handshake } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { formatVolfile, parseVolfile, type Volfile, VOLFILE_BYTES_MAX, VolumeError } from "../src/index.js";

interface Vector {
  readonly name: string;
  readonly hex: string;
}

const recorded = JSON.parse(
  readFileSync(new URL("../../wire/test/vectors/hndsk-getspec.json", import.meta.url), "utf8"),
) as Vector[];

function recordedSpec(name: string): string {
  const { hex = "" } = recorded.find((vector) => vector.name === name) ?? {};
  const { body } = decodeMessage(new Uint8Array(Buffer.from(hex, "hex")));
  return decodeBody(handshake.getspec.reply, body).spec;
}

function codeOf(text: string): string | undefined {
  try {
    parseVolfile(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    return error.code;
  }
}

const section = "volume a\n    type x/y\nend-volume\n";

describe("a volfile", () => {
  it("as recorded from glusterd is read and written again to the byte", () => {
    const spec = recordedSpec("hndsk-getspec-reply");
    const volfile = parseVolfile(spec);
    expect(volfile.map(({ name }) => name)).toEqual([
      "wire-client-0",
      "wire-client-1",
      "wire-dht",
      "wire-utime",
      "wire-write-behind",
      "wire-quick-read",
      "wire-md-cache",
      "wire-io-threads",
      "wire",
    ]);
    expect(volfile[2]?.subvolumes).toEqual(["wire-client-0", "wire-client-1"]);
    expect(volfile[1]?.options.get("remote-subvolume")).toBe("/tmp/wire/b1");
    expect(formatVolfile(volfile)).toBe(spec);
  });

  it.each(["brick", "one-brick", "everything-on"])(
    "as glusterd made it for %s is written again to the byte",
    (name) => {
      const text = readFileSync(new URL(`glusterd/${name}.vol`, import.meta.url), "utf8");
      expect(formatVolfile(parseVolfile(text))).toBe(text);
    },
  );

  it("is read with comments, keywords in any case, quoted texts and subvolumes before options", () => {
    const text = `# a comment\nVOLUME a TYPE x/y End-Volume\nvolume "b c" # more\n type x/z\nsubvolume a\noption k "v \\"w\\" #\\\\"\nend-volume`;
    expect(parseVolfile(text)).toEqual([
      { name: "a", type: "x/y", options: new Map(), subvolumes: [] },
      { name: "b c", type: "x/z", options: new Map([["k", 'v "w" #\\']]), subvolumes: ["a"] },
    ]);
  });

  it("is written with quotes where a text needs them, and read back as it was", () => {
    const texts = ["", " ", "a b", '"', "\\", "#a", "a#", "option", "End-Volume", "ü", "*", "a\\b", 'a"b"'];
    const volfile: Volfile = [
      { name: "v w", type: "x/y", options: new Map(texts.map((t, i) => [`k${i}`, t])), subvolumes: [] },
      { name: "end-volume", type: "x/y", options: new Map(texts.map((t) => [t, "1"])), subvolumes: ["v w"] },
    ];
    expect(parseVolfile(formatVolfile(volfile))).toEqual(volfile);
  });

  it.each(["`reboot`", "a`b", "a\nb", "\0", "\u007f"])("is never written with %j", (value) => {
    const volfile = [{ name: "a", type: "x/y", options: new Map([["k", value]]), subvolumes: [] }];
    expect(() => formatVolfile(volfile)).toThrow(expect.objectContaining({ code: "VOLFILE_VALUE" }));
  });
});

describe("a malformed volfile", () => {
  it.each([
    ["", "VOLFILE_SYNTAX"],
    ["# nothing", "VOLFILE_SYNTAX"],
    ["volume", "VOLFILE_SYNTAX"],
    ["volume a type x/y", "VOLFILE_SYNTAX"],
    ["volume a option k v end-volume", "VOLFILE_SYNTAX"],
    ["volume a type x/y option k", "VOLFILE_SYNTAX"],
    ["volume a type x/y wrong end-volume", "VOLFILE_SYNTAX"],
    ['volume a type x/y "end-volume"', "VOLFILE_SYNTAX"],
    ['volume a type x/y option k "v\nend-volume', "VOLFILE_SYNTAX"],
    [`${section}end-volume`, "VOLFILE_SYNTAX"],
    ["volume a type x/y option k `date` end-volume", "VOLFILE_COMMAND"],
    [section + section, "VOLFILE_GRAPH"],
    ["volume a type x/y subvolumes b end-volume", "VOLFILE_GRAPH"],
    ["volume a type x/y subvolumes a end-volume", "VOLFILE_GRAPH"],
    [" ".repeat(VOLFILE_BYTES_MAX + 1), "VOLFILE_TOO_LONG"],
    ["ü".repeat(VOLFILE_BYTES_MAX / 2 + 1), "VOLFILE_TOO_LONG"],
  ])("%# is refused with its code", (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it("is refused with the line that is wrong", () => {
    expect(() => parseVolfile(`${section}\nvolume b\n  type x/y\n  wrong\nend-volume\n`)).toThrow(
      'line 7: "wrong"',
    );
  });

  it("of too many sections is refused", () => {
    const many = Array.from({ length: 16_385 }, (_, index) => `volume a${index}\ntype x/y\nend-volume\n`);
    expect(codeOf(many.slice(1).join(""))).toBeUndefined();
    expect(codeOf(many.join(""))).toBe("VOLFILE_TOO_LONG");
  });
});
