import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SmallDisk } from "../src/index.js";

const SIZE_BYTES = 1_048_576;
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "small-disk-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe("a small disk", () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = SmallDisk.mount(join(scratch, "a", "b"), SIZE_BYTES);
  });
  afterEach(() => disk.unmount());
  const write = (bytes: number) => writeFileSync(join(disk.directory, "written"), Buffer.alloc(bytes));

  it("has as many bytes as were asked for, and no more", () => {
    expect(disk.freeBytes).toBe(SIZE_BYTES);
    write(SIZE_BYTES);
    expect(disk.freeBytes).toBe(0);
    expect(() => write(SIZE_BYTES + 1)).toThrow("ENOSPC");
  });

  it("is filled to the last byte, and emptied of what filled it only", () => {
    write(100);
    const before = disk.freeBytes;
    disk.fill();
    expect(disk.freeBytes).toBe(0);
    expect(() => writeFileSync(join(disk.directory, "more"), "1")).toThrow("ENOSPC");
    disk.empty();
    disk.empty();
    expect(disk.freeBytes).toBe(before);
    expect(readdirSync(disk.directory)).toContain("written");
  });

  it("is filled but for some room, also when it was full before", () => {
    disk.fill(40_960);
    expect(disk.freeBytes).toBe(40_960);
    disk.fill();
    disk.fill(8_192);
    expect(disk.freeBytes).toBe(8_192);
    write(8_192);
    expect(() => write(8_193)).toThrow("ENOSPC");
  });
});

it("is gone once it is unmounted, with what was on it", () => {
  const disk = SmallDisk.mount(scratch, SIZE_BYTES);
  writeFileSync(join(scratch, "f"), "on the small disk");
  disk.unmount();
  expect(readdirSync(scratch)).toEqual([]);
});

it("says what it takes where the system refuses it", () => {
  expect(() => SmallDisk.mount(scratch, -1)).toThrow("be root");
});
