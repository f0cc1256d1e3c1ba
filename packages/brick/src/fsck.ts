import { z } from "zod";
import { check, type Repair } from "./fsck/check.js";
import type { Finding, FindingKind, FsckReport } from "./fsck/finding.js";
import { takeInventory } from "./fsck/inventory.js";
import type { BrickStore } from "./store/store.js";
import { TreeChanges } from "./tree/tree-records.js";

export type { Finding, FindingKind, FsckReport } from "./fsck/finding.js";

/** Options of {@link fsck}. */
export const fsckOptions = z.strictObject({
  /** Whether to put right what can be; otherwise the store is only looked at. */
  repair: z.boolean().default(false),
  /** Most findings in the report; the rest is counted. */
  findingsMax: z.int().min(1).default(10_000),
});
export type FsckOptionsInput = z.input<typeof fsckOptions>;

/** What the next start or a runner deals with: no reason to call a store unsound. */
const workLeft: ReadonlySet<FindingKind> = new Set(["pending", "target-left"]);

/**
 * Checks a store, and repairs it when asked to. The store is open and has no tree: nobody else changes it. Repairs of
 * records are one transaction; blobs are made before it and removed after it.
 * @throws ZodError when `options` do not fit; StoreError (as rejection) of the medium.
 */
export async function fsck(store: BrickStore, options: FsckOptionsInput = {}): Promise<FsckReport> {
  const { repair, findingsMax } = fsckOptions.parse(options);
  const found = await takeInventory(store);
  const counts: Partial<Record<FindingKind, number>> = {};
  const findings: Finding[] = [];
  const repairs: Repair[] = [];
  let isSound = true;
  for (const { kind, gfid, text, repair: remedy } of check(found)) {
    const isRepaired = repair && remedy !== undefined;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (findings.length < findingsMax) findings.push({ kind, gfid, text, isRepaired });
    if (isRepaired) repairs.push(remedy);
    else if (!workLeft.has(kind)) isSound = false;
  }
  await carryOut(store, repairs);
  const { inodes, names, blobs } = found;
  return { objects: inodes.size, names: names.length, blobs: blobs.size, findings, counts, isSound };
}

async function carryOut(store: BrickStore, repairs: readonly Repair[]): Promise<void> {
  if (repairs.length === 0) return;
  for (const { blob } of repairs) if (blob?.action === "create") await store.data.create(blob.gfid);
  await store.meta.transact((tx) => {
    const changes = new TreeChanges(tx);
    for (const { records } of repairs) records?.(tx, changes);
  });
  for (const { blob } of repairs) if (blob?.action === "remove") await store.data.remove(blob.gfid);
}
