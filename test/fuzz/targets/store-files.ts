import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseGfid, ROOT_GFID } from "@brickshift/wire";
import { ChangeLog, parseChangeLog } from "../../../packages/brick/src/store/disk/change-log.js";
import { faultOfRecords } from "../../../packages/brick/src/store/disk/records-file.js";
import { parseStoreFormat } from "../../../packages/brick/src/store/disk/store-format.js";
import { parseMembership } from "../../../packages/brick/src/store/disk/volume-membership.js";
import { createTree } from "@brickshift/brick";
import { openDiskStore } from "@brickshift/brick/store-disk";
import { applyChanges } from "../apply-changes.js";
import { refusedOr } from "../refusal.js";
import type { FuzzTarget } from "../target.js";

const scratch = mkdtempSync(join(tmpdir(), "brickshift-fuzz-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const codes = ["STORE_DAMAGED", "STORE_VERSION_UNKNOWN"];

/** The two small files of a store that say what it is. */
export const storeFiles: FuzzTarget = {
  name: "files of a store",
  holds:
    "any text says which store of which volume this is, in the version that we know, or is refused as damaged or unknown",
  corpus: "packages/brick/test/corpus/store-file",
  words: ['"version":1', '"version":2', '"version":3', '"format"', '"id"', '"volume"', "null", ROOT_GFID],
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
      const known = format === "accepted" ? [1, 2] : [1];
      if (!known.includes(version as number))
        throw new Error(`version ${String(version)} was taken for known`);
      return "accepted";
    }
    return "refused";
  },
};

/** The log of changes that a store has not given to its records yet. */
export const changeLogs: FuzzTarget = {
  name: "change logs",
  holds:
    "any bytes are read as the whole records that they begin with, which give the same bytes again when they are appended",
  corpus: "packages/brick/test/corpus/change-log",
  seeds() {
    const log = ChangeLog.create(scratch);
    for (let number = 1; number <= 3; number += 1) {
      log.append({
        number,
        changes: [
          { key: Buffer.from("key"), value: undefined },
          { key: Buffer.from("k"), value: Buffer.alloc(number) },
        ],
      });
    }
    log.close();
    const whole = readFileSync(join(scratch, "changes"));
    return [whole, whole.subarray(0, whole.length - 1)];
  },
  run(bytes) {
    const given = Buffer.from(bytes);
    const records = parseChangeLog(given);
    if (records.length === 0) return "refused";
    const log = ChangeLog.create(scratch);
    for (const record of records) log.append(record);
    const { endBytes } = log;
    log.close();
    const again = readFileSync(join(scratch, "changes"));
    if (!again.equals(given.subarray(0, endBytes)))
      throw new Error("the records give other bytes than they were read from");
    return "accepted";
  },
};

/** The file of a store's records as it was closed, and changed since: an input is a list of changes to it. */
export const recordsFiles: FuzzTarget = {
  name: "records files",
  holds:
    "a records file that was changed in any way is let through, or refused with a sentence, at the end of one walk over its pages",
  corpus: "packages/brick/test/corpus/records-file",
  async seeds() {
    await original();
    return [Uint8Array.of(0, 0, 16, 18), Uint8Array.of(3, 0, 40, 0), Uint8Array.of(14, 0, 80, 0)];
  },
  async run(bytes) {
    const path = join(scratch, "meta");
    writeFileSync(path, applyChanges(await original(), bytes));
    const fault = faultOfRecords(path);
    if (fault !== undefined && fault.length > 200)
      throw new Error("the sentence is longer than anybody reads");
    return fault === undefined ? "accepted" : "refused";
  },
};

let records: Promise<Uint8Array> | undefined;

function original(): Promise<Uint8Array> {
  return (records ??= makeRecords());
}

async function makeRecords(): Promise<Uint8Array> {
  const directory = join(scratch, "store");
  const store = await openDiskStore({ directory });
  const tree = await createTree(store);
  for (let index = 0; index < 100; index += 1) {
    const gfid = parseGfid(`aaaaaaaa-0000-4000-8000-${String(index).padStart(12, "0")}`);
    await tree.mkdir(ROOT_GFID, `name-${index}`, { gfid, mode: 0o755, uid: 0, gid: 0, xattrs: new Map() });
  }
  await tree.close();
  await store.close();
  return new Uint8Array(readFileSync(join(directory, "meta")));
}
