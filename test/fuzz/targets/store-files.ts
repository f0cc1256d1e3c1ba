import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT_GFID } from "@brickshift/wire";
import { faultOfRecords } from "../../../packages/brick/src/store/disk/records-file.js";
import { parseStoreFormat } from "../../../packages/brick/src/store/disk/store-format.js";
import { parseMembership } from "../../../packages/brick/src/store/disk/volume-membership.js";
import { refusedOr } from "../refusal.js";
import type { FuzzTarget } from "../target.js";

const codes = ["STORE_DAMAGED", "STORE_VERSION_UNKNOWN"];

/** The two small files of a store that say what it is. */
export const storeFiles: FuzzTarget = {
  name: "files of a store",
  holds:
    "any text says which store of which volume this is, in the version that we know, or is refused as damaged or unknown",
  corpus: "packages/brick/test/corpus/store-file",
  words: ['"version":1', '"version":2', '"format"', '"id"', '"volume"', "null", ROOT_GFID],
  seeds: () =>
    [
      { format: "brickshift-brick-store", version: 1, id: ROOT_GFID },
      { version: 1, volume: "v", volumeId: ROOT_GFID, subvolume: "v-client-0" },
    ].map((content) => Buffer.from(JSON.stringify(content))),
  run(bytes) {
    const text = Buffer.from(bytes).toString();
    const format = refusedOr(() => parseStoreFormat("/store", text), ...codes);
    const membership = refusedOr(() => parseMembership("/store", text), ...codes);
    if (format === "accepted" || membership === "accepted") {
      const { version } = JSON.parse(text) as { version: unknown };
      if (version !== 1) throw new Error(`version ${String(version)} was taken for known`);
      return "accepted";
    }
    return "refused";
  },
};

const scratch = mkdtempSync(join(tmpdir(), "brickshift-fuzz-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** The first look at the file of a store's records, before LMDB maps it into memory. */
export const recordsFiles: FuzzTarget = {
  name: "heads of records files",
  holds: "any bytes are a file that LMDB can be shown, or a sentence that says what is wrong with them",
  corpus: "packages/brick/test/corpus/records-file",
  seeds() {
    const page = (transaction: bigint, lastPage: bigint) => {
      const bytes = Buffer.alloc(256);
      bytes.writeUInt32LE(0xbeef_c0de, 24);
      bytes.writeUInt32LE(256, 48);
      bytes.writeBigUInt64LE(lastPage, 144);
      bytes.writeBigUInt64LE(transaction, 152);
      return bytes;
    };
    return [Buffer.concat([page(1n, 1n), page(2n, 2n), Buffer.alloc(256)]), page(1n, 0n)].map((b) =>
      Uint8Array.from(b),
    );
  },
  run(bytes) {
    const path = join(scratch, "meta");
    writeFileSync(path, bytes);
    const fault = faultOfRecords(path);
    if (fault !== undefined && fault.length > 200)
      throw new Error("the sentence is longer than anybody reads");
    return fault === undefined ? "accepted" : "refused";
  },
};
