import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gfid, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { afterAll, afterEach, beforeEach, describe } from "vitest";
import { openDiskStore } from "../../src/store-disk.js";
import { createMemoryStore, MemoryMedium } from "../../src/store/memory-store.js";
import type { BrickStore } from "../../src/store/store.js";
import { createTree } from "../../src/tree/create-tree.js";
import type { TreeOptionsInput } from "../../src/tree/options.js";

export type TestTree = Awaited<ReturnType<typeof createTree>>;

/** A tree in a store that a test may close and open again. The clock stands still until it is moved. */
export class TreeFixture {
  readonly #open: () => Promise<BrickStore>;
  store!: BrickStore;
  tree!: TestTree;
  nowNs = 1_700_000_000_123_456_789n;

  constructor(open: () => Promise<BrickStore>) {
    this.#open = open;
  }

  async start(options: TreeOptionsInput = {}): Promise<this> {
    this.store = await this.#open();
    this.tree = await createTree(this.store, { clock: () => this.nowNs, options });
    return this;
  }

  async stop(): Promise<void> {
    await this.tree.close();
    await this.store.close();
  }

  async restart(options: TreeOptionsInput = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  /** Makes a regular file in the root, or where told. */
  async file(name: string, content = "", parent: Gfid = ROOT_GFID): Promise<Gfid> {
    const gfid = newGfid();
    await this.tree.create(parent, name, object(gfid));
    if (content !== "") await this.tree.write(gfid, 0, Buffer.from(content));
    return gfid;
  }

  async directory(name: string, parent: Gfid = ROOT_GFID): Promise<Gfid> {
    const gfid = newGfid();
    await this.tree.mkdir(parent, name, { ...object(gfid), mode: 0o755 });
    return gfid;
  }

  async text(gfid: Gfid, access?: Parameters<TestTree["read"]>[3]): Promise<string> {
    const { bytes } = await this.tree.read(gfid, 0, new Uint8Array(1_000_000), access);
    return Buffer.from(bytes).toString();
  }

  names(gfid: Gfid = ROOT_GFID): string[] {
    return this.tree
      .readdir(gfid, 0n, 1_000_000)
      .entries.map(({ name }) => name)
      .filter((name) => name !== "." && name !== "..");
  }
}

export function newGfid(): Gfid {
  return parseGfid(globalThis.crypto.randomUUID());
}

export function object(gfid: Gfid = newGfid()) {
  return { gfid, mode: 0o644, uid: 10, gid: 20 };
}

/** What a call threw or rejected with, by its code. */
export async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no error";
}

/** Declares the tests once for each store. */
export function onBothStores(name: string, declare: (fixture: () => TreeFixture) => void): void {
  describe(`${name}, in memory`, () => {
    let fixture: TreeFixture;
    beforeEach(async () => {
      const medium = new MemoryMedium();
      fixture = await new TreeFixture(async () => createMemoryStore(medium)).start();
    });
    afterEach(() => fixture.stop());
    declare(() => fixture);
  });
  describe(`${name}, on disk`, () => {
    const base = mkdtempSync(join(tmpdir(), "brickshift-tree-"));
    let count = 0;
    let fixture: TreeFixture;
    beforeEach(async () => {
      const directory = join(base, String((count += 1)));
      fixture = await new TreeFixture(() => openDiskStore({ directory })).start();
    });
    afterEach(() => fixture.stop());
    // Each store has 256 directories.
    afterAll(() => rmSync(base, { recursive: true, force: true }), 60_000);
    declare(() => fixture);
  });
}
