import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@brickshift/testkit";
import { ROOT_GFID } from "@brickshift/wire";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { faultOfRecords } from "../../src/store/disk/records-file.js";
import { createTree } from "../../src/tree/create-tree.js";
import { newGfid, object } from "../tree/tree-fixture.js";

const PAGE_BYTES = 4_096;
const scratch = mkdtempSync(join(tmpdir(), "brickshift-pages-"));
const file = join(scratch, "spoilt");
let records: Buffer;

afterAll(() => rmSync(scratch, { recursive: true }));
beforeAll(async () => {
  const directory = join(scratch, "store");
  const store = await openDiskStore({ directory });
  const tree = await createTree(store);
  const names = Array.from({ length: 400 }, (_, index) => `name-${index}`);
  await Promise.all(names.map((name) => tree.mkdir(ROOT_GFID, name, object(newGfid()))));
  // A record that is larger than a page.
  const large = newGfid();
  await tree.mkdir(ROOT_GFID, "large", {
    ...object(large),
    xattrs: new Map([["user.a", Buffer.alloc(20_000, 7)]]),
  });
  // Pages that are free again.
  await Promise.all(names.slice(0, 200).map((name) => tree.rmdir(ROOT_GFID, name)));
  await tree.close();
  await store.close();
  records = readFileSync(join(directory, "meta"));
}, 120_000);

function faultOf(change: (bytes: Buffer) => Buffer | void): string | undefined {
  const bytes = Buffer.from(records);
  writeFileSync(file, change(bytes) ?? bytes);
  return faultOfRecords(file);
}

const pages = () => Array.from({ length: records.length / PAGE_BYTES }, (_, index) => index);
/** Those which the trees lead to: without one of them something is wrong. */
const usedPages = () =>
  pages().filter(
    (page) =>
      page > 1 &&
      faultOf((bytes) => void bytes.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES)) !== undefined,
  );

it("finds nothing wrong with a store that was closed", () => {
  expect(faultOf(() => {})).toBeUndefined();
});

it("misses no page that is free: the file of a store that was closed may end before the last one", () => {
  const lastPageAt = [144, PAGE_BYTES / 2 + 144, PAGE_BYTES + 144];
  const fault = faultOf((bytes) => {
    for (const at of lastPageAt) bytes.writeBigUInt64LE(BigInt(bytes.length / PAGE_BYTES + 5), at);
  });
  expect(fault).toBeUndefined();
});

it("finds a page that is gone, of branches, leaves and large records, and none that is free", () => {
  const used = usedPages();
  const kinds = new Set(used.map((page) => records.readUInt16LE(page * PAGE_BYTES + 18)));
  expect(kinds).toEqual(new Set([1, 2, 4]));
  expect(used.length).toBeGreaterThan(20);
  expect(used.length).toBeLessThan(pages().length - 2);
});

it("finds each field of the head of a page that is in use, whichever bit of it has changed", () => {
  // Its number, its kind, and where its records begin and end; not the transaction it is of.
  const offsets = [0, 1, 2, 3, 4, 5, 6, 7, 18, 19, 20, 21, 22, 23];
  const missed: string[] = [];
  for (const page of usedPages().slice(0, 12)) {
    for (const offset of offsets) {
      for (let bit = 0; bit < 8; bit += 1) {
        const at = page * PAGE_BYTES + offset;
        const fault = faultOf((bytes) => void (bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)));
        // A smaller end of the free room in the middle takes nothing from the records.
        if (fault === undefined && offset !== 22 && offset !== 23)
          missed.push(`page ${page}, ${offset}, bit ${bit}`);
      }
    }
  }
  expect(missed).toEqual([]);
});

it("finds whichever bit has changed of how many pages a leaf gives a large record", () => {
  const used = usedPages();
  const kindOf = (page: number) => records.readUInt16LE(page * PAGE_BYTES + 18);
  const countOf = (page: number) => records.readUInt32LE(page * PAGE_BYTES + 20);
  // That of 20,000 bytes; the list of free pages may have one too.
  const large = used.find((page) => kindOf(page) === 4 && countOf(page) === 5) ?? 0;
  const reference = Buffer.alloc(24);
  reference.writeBigUInt64LE(BigInt(large));
  records.copy(reference, 8, large * PAGE_BYTES + 8, large * PAGE_BYTES + 16);
  reference.writeBigUInt64LE(5n, 16);
  const leaves = used.filter((page) => kindOf(page) === 2).map((page) => page * PAGE_BYTES);
  // The last one: what a leaf had before may still be in its free room, which is in the middle.
  const places = leaves.flatMap((leaf) => {
    const at = records.subarray(leaf, leaf + PAGE_BYTES).lastIndexOf(reference);
    return at === -1 ? [] : [leaf + at];
  });
  expect(places).toHaveLength(1);
  const countAt = (places[0] ?? 0) + 16;
  for (let bit = 0; bit < 64; bit += 1) {
    const at = countAt + (bit >> 3);
    const fault = faultOf((bytes) => void (bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))));
    expect([bit, fault]).toEqual([bit, expect.stringContaining("is not the record that it should be")]);
  }
});

it("finds a file that was cut, also within its last page in use", () => {
  for (let page = 1; page < pages().length - 1; page += 7) {
    const fault = faultOf((bytes) => bytes.subarray(0, page * PAGE_BYTES + 100));
    expect(fault).toMatch(/is not in the file$|second page/);
  }
});

it("comes to an end with any bytes changed, seed 1", () => {
  const random = seededRandom(1);
  let found = 0;
  for (let round = 0; round < 1_500; round += 1) {
    const fault = faultOf((bytes) => {
      for (let times = 1 + random.below(4); times > 0; times -= 1) {
        const at = random.below(bytes.length - 16);
        bytes.set(random.bytes(1 + random.below(16)), random.chance(0.5) ? at : at - (at % PAGE_BYTES));
      }
    });
    if (fault !== undefined) found += 1;
  }
  expect(found).toBeGreaterThan(300);
});
