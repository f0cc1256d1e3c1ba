import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatVolfile, parseVolfile, type Volfile, VolumeError } from "@brickshift/volume";
import { isDeepStrictEqual } from "node:util";
import { refusedOr } from "../refusal.js";
import { repositoryRoot } from "../repository-root.js";
import type { FuzzTarget } from "../target.js";

/** The text of a volfile. */
export const volfile: FuzzTarget = {
  name: "volfiles",
  holds: "any text is a volfile that survives being written and read, or is refused with a code",
  corpus: "packages/volume/test/corpus/volfile",
  words: [
    "volume ",
    "type ",
    "option ",
    "subvolumes ",
    "end-volume\n",
    '"',
    "`",
    "\\",
    "#",
    "\n",
    "protocol/client",
  ],
  seeds: () => [fromGlusterd("default"), Buffer.from("volume a\n type x/y\n option k v\nend-volume\n")],
  run(bytes) {
    let read: Volfile | undefined;
    const outcome = refusedOr(() => (read = parseVolfile(Buffer.from(bytes).toString())));
    if (read === undefined) return outcome;
    if (read.length === 0) throw new Error("a volfile without a section was taken");
    let written: string;
    try {
      written = formatVolfile(read);
    } catch (error) {
      // What stands between quotes may be a character that is never written.
      if (error instanceof VolumeError && error.code === "VOLFILE_VALUE") return "accepted";
      throw error;
    }
    if (!isDeepStrictEqual(parseVolfile(written), read)) throw new Error("it was not written as it was read");
    return outcome;
  },
};

/** What glusterd 10.3 made for a volume. */
function fromGlusterd(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(repositoryRoot, "packages/volume/test/glusterd", `${name}.vol`)));
}
