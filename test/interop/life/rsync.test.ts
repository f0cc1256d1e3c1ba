import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";

const project = fileURLToPath(new URL("../../..", import.meta.url));
/** Archive, hard links, ACLs, xattrs. */
const PRESERVE = "-aHAX";

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch, { withAcls: true });
});
afterEach(() => scratch.end());

it("copies a tree there and back, and finds nothing to do the second time", async () => {
  const source = scratch.path("source");
  await makeTree(source);
  const there = `${volume.path}/there`;
  const back = scratch.path("back");

  await rsync(PRESERVE, source, there);
  expect(await rsync(PRESERVE, source, there)).toBe("");
  await rsync(PRESERVE, there, back);
  expect(await rsync(PRESERVE, there, back)).toBe("");
  // What went there and came back is what was there: contents by checksum.
  expect(await rsync(`${PRESERVE}nc`, source, back)).toBe("");

  writeFileSync(`${source}/packages/README.md`, "changed\n");
  expect(await rsync(PRESERVE, source, there)).toContain("packages/README.md");
  expect(await rsync(`${PRESERVE}c`, source, there)).toBe("");
  await rsync("-aHAXS", source, `${volume.path}/sparse`);
  expect(await rsync(`${PRESERVE}nc`, source, `${volume.path}/sparse`)).toBe("");
  await volume.finish();
});

/** What it did, one line for each file. */
async function rsync(flags: string, from: string, to: string): Promise<string> {
  const args = [flags, "--delete", "--numeric-ids", "--itemize-changes", `${from}/`, to];
  return (await program("rsync", args)).stdout;
}

async function makeTree(root: string): Promise<void> {
  mkdirSync(root);
  cpSync(`${project}packages/rpc`, `${root}/packages`, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  writeFileSync(`${root}/owned`, "of somebody else\n");
  chownSync(`${root}/owned`, 1234, 2345);
  chmodSync(`${root}/owned`, 0o640);
  writeFileSync(`${root}/setuid`, "#!/bin/true\n");
  chmodSync(`${root}/setuid`, 0o6755);
  mkdirSync(`${root}/sticky`);
  chmodSync(`${root}/sticky`, 0o1777);
  for (const name of ["a", "b", "sticky/c"])
    linkSync(`${root}/owned`, `${root}/link-${name.replace("/", "-")}`);
  symlinkSync("../nowhere", `${root}/symlink`);
  chmodSync(root, 0o750);
  writeFileSync(
    Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0x41])]),
    "no UTF-8",
  );
  writeFileSync(`${root}/${"n".repeat(255)}`, "a long name");
  writeFileSync(`${root}/sparse`, "at the start");
  truncateSync(`${root}/sparse`, 64 * 1_048_576);
  await program("mkfifo", [`${root}/fifo`]);
  await program("mknod", [`${root}/device`, "c", "1", "3"]);
  await program("setfattr", ["-n", "user.colour", "-v", "blue", `${root}/owned`]);
  await program("setfattr", ["-n", "user.bytes", "-v", "0x00ff0a00", `${root}/sticky`]);
  await program("setfacl", ["-m", "u:1001:rw,g:1002:r", `${root}/packages/README.md`]);
  await program("setfacl", ["-m", "d:u:1001:rwx,u:1003:r-x", `${root}/sticky`]);
  utimesSync(`${root}/owned`, 1_000_000_000.5, 1_234_567_890.123);
  lutimesSync(`${root}/symlink`, 1_000_000_000, 1_111_111_111);
  utimesSync(`${root}/sticky`, 0, 0);
}
