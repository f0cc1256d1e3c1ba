import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import type { BrickStore } from "../src/store/store.js";
import { createTree } from "../src/tree/create-tree.js";

/** What a load came to. */
export interface LoadResult {
  readonly name: string;
  readonly perSecond: number;
  /** Of the bytes read or written; 0 for loads that move none. */
  readonly megabytesPerSecond: number;
  /** Of all threads of the process, user and system: steadier than the rest on a shared machine. */
  readonly cpuMicrosPerCall: number;
}

/** How much to do; {@link smallSize} runs with the tests. */
export interface LoadSize {
  readonly cycles: number;
  readonly lookups: number;
  readonly chunks: number;
  /** Calls under way at one time. */
  readonly concurrency: number;
}
export const smallSize: LoadSize = { cycles: 100, lookups: 1_000, chunks: 4, concurrency: 16 };
export const fullSize: LoadSize = { cycles: 30_000, lookups: 200_000, chunks: 512, concurrency: 64 };

const CHUNK_BYTES = 1_048_576;

/** Creates, small synced writes, lookups, and long reads and writes, on a store that is empty. */
export async function storeLoads(store: BrickStore, size: LoadSize): Promise<readonly LoadResult[]> {
  const tree = await createTree(store);
  const { cycles, lookups, chunks, concurrency } = size;
  const small = new Uint8Array(4096).fill(1);
  const chunk = new Uint8Array(CHUNK_BYTES).fill(1);
  const results: LoadResult[] = [];
  const measure = async (name: string, count: number, bytes: number, work: (index: number) => unknown) => {
    const before = process.cpuUsage();
    const seconds = await timed(count, concurrency, work);
    const { user, system } = process.cpuUsage(before);
    const perSecond = count / seconds;
    const megabytesPerSecond = (perSecond * bytes) / 1e6;
    results.push({ name, perSecond, megabytesPerSecond, cpuMicrosPerCall: (user + system) / count });
  };
  const made: Gfid[] = [];
  const make = async (name: string) => {
    const gfid = parseGfid(globalThis.crypto.randomUUID());
    await tree.create(ROOT_GFID, name, { gfid, mode: 0o644, uid: 0, gid: 0 });
    return gfid;
  };
  await measure("create", cycles, 0, async (index) => (made[index] = await make(`c${index}`)));
  await measure("lookup", lookups, 0, (index) => tree.lookup(ROOT_GFID, `c${index % cycles}`));
  await measure("write 4 KiB", cycles, small.length, (index) => tree.write(made[index] as Gfid, 0, small));
  await measure("fsync of 4 KiB", cycles, small.length, async (index) => {
    await tree.write(made[index] as Gfid, 4096, small);
    await tree.fsync(made[index] as Gfid, true);
  });
  await measure("create, write 4 KiB, fsync, rename", cycles, small.length, async (index) => {
    const gfid = await make(`t${index}`);
    await tree.write(gfid, 0, small);
    await tree.fsync(gfid, true);
    await tree.rename(ROOT_GFID, `t${index}`, ROOT_GFID, `r${index}`);
  });
  await measure("unlink", cycles, 0, (index) => tree.unlink(ROOT_GFID, `c${index}`));
  const big = await make("big");
  const into = Array.from({ length: concurrency }, () => new Uint8Array(CHUNK_BYTES));
  await measure("write 1 MiB", chunks, CHUNK_BYTES, (index) => tree.write(big, index * CHUNK_BYTES, chunk));
  await measure("read 1 MiB", chunks, CHUNK_BYTES, (index) =>
    tree.read(big, index * CHUNK_BYTES, into[index % concurrency] as Uint8Array),
  );
  await tree.close();
  return results;
}

async function timed(count: number, concurrency: number, work: (index: number) => unknown): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (performance.now() - startMs) / 1_000;
}
