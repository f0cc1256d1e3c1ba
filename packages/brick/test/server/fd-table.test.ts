import type { ClientUid, Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { FdTable } from "../../src/server/fd-table.js";
import type { LiveInode } from "../../src/server/inode-table.js";

const fd = {
  gfid: "g" as Gfid,
  kind: "file" as const,
  flags: 0,
  client: "c" as ClientUid,
  leaseId: undefined,
  writes: false,
  // The table keeps it and does not look at it.
  inode: {} as LiveInode,
};

it("gives the smallest free number", () => {
  const table = new FdTable(10);
  expect([0, 1, 2, 3].map(() => table.open(fd).number)).toEqual([0n, 1n, 2n, 3n]);
  table.release(2n);
  table.release(1n);
  expect([0, 1, 2].map(() => table.open(fd).number)).toEqual([1n, 2n, 4n]);
});

it("refuses one more than its bound, and knows what is not open", () => {
  const table = new FdTable(1);
  table.open(fd);
  expect(() => table.open(fd)).toThrow("BRICK_FD_LIMIT");
  for (const number of [1n, -1n, -2n, 2n ** 62n]) expect(() => table.get(number)).toThrow("BRICK_FD_UNKNOWN");
  expect(table.releaseAll()).toHaveLength(1);
  expect(() => table.release(0n)).toThrow("BRICK_FD_UNKNOWN");
  expect(table.size).toBe(0);
});
