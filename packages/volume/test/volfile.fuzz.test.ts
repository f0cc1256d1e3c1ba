import * as fc from "fast-check";
import { expect, it } from "vitest";
import { formatVolfile, parseVolfile, type Volfile, VolumeError } from "../src/index.js";

const words = [
  "volume",
  "type",
  "option",
  "subvolumes",
  "end-volume",
  "a",
  "b",
  "x/y",
  '"',
  "`",
  "\\",
  "#",
  "\n",
  " ",
];
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(" ")),
);

it("any text is either a volfile, which survives being written and read, or refused with a code", () => {
  let read = 0;
  fc.assert(
    fc.property(text, (input) => {
      let volfile: Volfile;
      try {
        volfile = parseVolfile(input);
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        return;
      }
      read += 1;
      let written: string;
      try {
        written = formatVolfile(volfile);
      } catch (error) {
        // What stands between quotes may be a character that is never written.
        if (!(error instanceof VolumeError) || error.code !== "VOLFILE_VALUE") throw error;
        return;
      }
      expect(parseVolfile(written)).toEqual(volfile);
    }),
    {
      numRuns: 3_000,
      examples: [["volume a type x/y end-volume"], ['volume "a b" type x/y option k "\u0007" end-volume']],
    },
  );
  expect(read).toBeGreaterThan(1);
});

it("any graph of printable texts survives being written and read", () => {
  const printable = fc.string({ unit: "grapheme", maxLength: 20 }).filter((t) => !/[\p{Cc}`]/u.test(t));
  const sections = fc.array(
    fc.record({ name: printable, type: printable, options: fc.array(fc.tuple(printable, printable)) }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(sections, (parts) => {
      const names = new Set<string>();
      const volfile = parts.flatMap(({ name, type, options }) => {
        if (names.has(name)) return [];
        const subvolumes = [...names];
        names.add(name);
        return [{ name, type, options: new Map(options), subvolumes }];
      });
      expect(parseVolfile(formatVolfile(volfile))).toEqual(volfile);
    }),
    { numRuns: 1_000 },
  );
});
