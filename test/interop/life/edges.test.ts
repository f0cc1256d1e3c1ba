import { createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { open, readdir, readFile, rename, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";

const GIB = 1_073_741_824;

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it("keeps what lies around 2, 4 and 64 GiB of a sparse file", async () => {
  const file = `${volume.path}/sparse`;
  const pieces = [2, 4, 64].map((at) => ({ at: at * GIB - 5000, bytes: randomBytes(10_000) }));
  const fd = await open(file, "w+");
  for (const { at, bytes } of pieces) await fd.write(bytes, 0, bytes.length, at);
  await fd.sync();
  await fd.close();
  expect((await stat(file)).size).toBe(64 * GIB + 5000);
  // It takes the room of what was written, not of its size.
  expect((await stat(file)).blocks * 512).toBeLessThan(1_048_576);
  for (const { at, bytes } of pieces) {
    const { stdout } = await program("sh", [
      "-c",
      `tail -c +${at + 1} '${file}' | head -c ${bytes.length} | sha256sum`,
    ]);
    expect(stdout.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
  await truncate(file, 4 * GIB);
  const shorter = await open(file, "r");
  const { bytesRead, buffer } = await shorter.read(Buffer.alloc(10_000), 0, 10_000, 4 * GIB - 5000);
  await shorter.close();
  expect(bytesRead).toBe(5000);
  expect(buffer.subarray(0, 5000)).toEqual(pieces[1]?.bytes.subarray(0, 5000));
  await volume.finish();
});

it("keeps names of 255 bytes and names that are no UTF-8", async () => {
  const names = [
    Buffer.alloc(255, "n"),
    Buffer.from("ü".repeat(127)),
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from([0x41, 0xc3, 0x28, 0x0a, 0x09, 0x5c, 0x22]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.alloc(255, 0x80),
  ];
  const pathOf = (name: Buffer) => Buffer.concat([Buffer.from(`${volume.path}/`), name]);
  for (const name of names) await writeFile(pathOf(name), name);
  const listed = await readdir(volume.path, { encoding: "buffer" });
  expect(listed.toSorted((one, other) => Buffer.compare(one, other))).toEqual(
    names.toSorted((one, other) => Buffer.compare(one, other)),
  );
  for (const name of names) expect(await readFile(pathOf(name))).toEqual(name);
  await expect(writeFile(pathOf(Buffer.alloc(256, "n")), "")).rejects.toMatchObject({ code: "ENAMETOOLONG" });

  for (const [index, name] of names.entries()) {
    const renamed = Buffer.concat([Buffer.from([0xf8]), name.subarray(0, 254)]);
    await rename(pathOf(name), pathOf(renamed));
    expect(await readFile(pathOf(renamed))).toEqual(names[index]);
    await unlink(pathOf(renamed));
  }
  expect(await readdir(volume.path)).toEqual([]);
  await volume.finish();
});

it("reads and writes a file that has no name any more", async () => {
  const file = `${volume.path}/unnamed`;
  const fd = openSync(file, "w+");
  writeSync(fd, "before", 0);
  await unlink(file);
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  writeSync(fd, "after!", 6);
  const bytes = Buffer.alloc(12);
  expect(readSync(fd, bytes, 0, 12, 0)).toBe(12);
  expect(bytes.toString()).toBe("beforeafter!");
  expect(fstatSync(fd).size).toBe(12);
  closeSync(fd);
  await volume.finish();
});
