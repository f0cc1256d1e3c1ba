import { cpSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program, programEnd } from "../support/program.js";
import { Scratch } from "../support/scratch.js";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const identity = ["-c", "user.name=Interop", "-c", "user.email=interop@localhost", "-c", "safe.directory=*"];

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it("clones, commits, collects and checks a repository", async () => {
  const origin = await repository();
  const clone = `${volume.path}/clone`;
  // Through the protocol, so that the pack is written and indexed on the mount.
  await program("git", [...identity, "clone", "--no-local", "--quiet", origin, clone]);
  const git = async (...args: string[]) => (await program("git", [...identity, "-C", clone, ...args])).stdout;
  await git("fsck", "--full", "--strict");
  expect(await git("status", "--porcelain")).toBe("");

  await git("switch", "--quiet", "--create", "interop");
  for (let index = 0; index < 10; index += 1) {
    writeFileSync(`${clone}/written-${index}`, `${index}\n`.repeat(1000));
    await git("add", "--all");
    await git("commit", "--quiet", "--message", `file ${index}`);
  }
  await git("gc", "--quiet", "--prune=now");
  await git("fsck", "--full", "--strict");
  expect(await git("status", "--porcelain")).toBe("");
  expect(await git("rev-list", "--count", "HEAD")).toBe(
    `${Number(await git("rev-list", "--count", "HEAD~10")) + 10}\n`,
  );
  await volume.finish();
});

/** The project's own; one made of its files where it is not in git, or only the newest commit is. */
async function repository(): Promise<string> {
  const shallow = await programEnd("git", [
    ...identity,
    "-C",
    project,
    "rev-parse",
    "--is-shallow-repository",
  ]);
  if (shallow.stdout === "false\n") return project;
  const made = scratch.path("origin");
  cpSync(`${project}packages/wire`, made, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  await program("git", ["init", "--quiet", made]);
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(`${made}/README.md`, `version ${index}\n`.repeat(index + 1));
    await program("git", [...identity, "-C", made, "add", "--all"]);
    await program("git", [...identity, "-C", made, "commit", "--quiet", "--message", `version ${index}`]);
  }
  return made;
}
