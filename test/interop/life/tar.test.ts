import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";

const project = fileURLToPath(new URL("../../..", import.meta.url));
/** A part of the installed dependencies, some 80 files; another directory by hand. */
const tree = process.env["TAR_TREE"] ?? `${project}node_modules/zod/v4/core`;

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it("unpacks a tree and packs the same archive of it again", async () => {
  expect(existsSync(tree)).toBe(true);
  const there = scratch.path("there.tar");
  await pack(`${tree}/.`, there);
  const unpacked = `${volume.path}/unpacked`;
  await program("mkdir", [unpacked]);
  await program("tar", ["--extract", "--file", there, "--directory", unpacked, "--preserve-permissions"]);
  await program("tar", ["--compare", "--file", there, "--directory", unpacked]);

  // Contents, names, modes, owners and times to the nanosecond: the archives are the same bytes.
  const back = `${volume.path}/back.tar`;
  await pack(unpacked, back);
  expect(await checksum(back)).toBe(await checksum(there));
  await volume.finish();
});

it("unpacks as several at one time", async () => {
  const archive = `${volume.path}/archive.tar`;
  await pack(`${tree}/.`, archive);
  const copies = [0, 1, 2].map((index) => `${volume.path}/copy${index}`);
  await Promise.all(
    copies.map(async (copy) => {
      await program("mkdir", [copy]);
      await program("tar", ["--extract", "--file", archive, "--directory", copy]);
    }),
  );
  const sums = await Promise.all(
    copies.map(async (copy) => {
      await pack(copy, `${copy}.tar`);
      return checksum(`${copy}.tar`);
    }),
  );
  expect(sums).toEqual(Array.from(copies, () => sums[0]));
  expect(sums[0]).toBe(await checksum(archive));
  await program("rm", ["-r", ...copies]);
  await volume.finish();
});

async function pack(directory: string, archive: string): Promise<void> {
  await program("tar", [
    "--create",
    "--file",
    archive,
    "--directory",
    directory,
    "--format=posix",
    "--pax-option=exthdr.name=%d/%f,delete=atime,delete=ctime",
    "--sort=name",
    "--numeric-owner",
    "--hard-dereference",
    ".",
  ]);
}

async function checksum(file: string): Promise<string | undefined> {
  return (await program("sha256sum", [file])).stdout.split(" ")[0];
}
