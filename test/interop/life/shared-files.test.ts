import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clientVolfile, connectedToAll, mountVolfile, uncached } from "../support/fuse-mount.js";
import { onBothKinds, type StartLiveBrick } from "../support/live-brick.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

const LINES = sizeOf("LINES", 300);

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** Two mounts of one distributed volume. */
async function mounts(
  start: StartLiveBrick,
  flags: readonly string[] = [],
): Promise<readonly [string, string]> {
  const bricks = [await start(scratch, "b0"), await start(scratch, "b1")];
  const volfile = clientVolfile(bricks);
  const mount = async (name: string) => {
    const mounted = await mountVolfile(scratch, volfile, `${bricks[0]?.kind}-${name}`, [
      ...uncached,
      ...flags,
    ]);
    await connectedToAll(mounted, bricks);
    return mounted.path;
  };
  return [await mount("one"), await mount("other")];
}

const writers = ["a", "b", "c", "d"];
const linesOf = (writer: string) =>
  Array.from({ length: LINES }, (_, index) => `${index} ${writer.repeat((index * 37) % 5_000)}${writer}\n`);

/** What there is when each of four processes has appended its lines, two of them through each mount. */
async function appended(start: StartLiveBrick, flags: readonly string[]): Promise<string> {
  const [one, other] = await mounts(start, flags);
  await writeFile(`${one}/log`, "");
  await Promise.all(
    [one, one, other, other].map(async (mount, index) => {
      const file = await open(`${mount}/log`, "a");
      for (const line of linesOf(writers[index] as string)) await file.write(line);
      await file.close();
    }),
  );
  return readFile(`${other}/log`, "utf8");
}

it("has every line that is appended through two mounts whole, once, and in the order of its writer", async () => {
  // A kernel that caches pages sends a write in pieces, which others come between; then a line is not whole on any brick.
  const { ours, stock } = await onBothKinds(async (start) => {
    const text = await appended(start, ["--direct-io-mode=enable"]);
    const lines = text.split("\n").slice(0, -1);
    return writers.map((writer) => lines.filter((line) => line.endsWith(writer)).map((line) => `${line}\n`));
  });
  expect(ours).toEqual(writers.map(linesOf));
  expect(stock).toEqual(ours);
});

it("has every byte that is appended through two mounts with caches", async () => {
  const countsOf = (text: string) =>
    [...writers, "\n", " "].map((letter) => text.split(letter).length - 1).concat(text.length);
  const { ours, stock } = await onBothKinds(async (start) => countsOf(await appended(start, [])));
  expect(ours).toEqual(countsOf(writers.flatMap(linesOf).join("")));
  expect(stock).toEqual(ours);
});

it("keeps what is open under a rename, on either side of it, in the mount that renames and in another", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const [one, other] = await mounts(start);
    const read = (fd: number) => {
      const bytes = Buffer.alloc(20);
      return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
    };
    const found: unknown[] = [];
    // So many names that some are on one brick, some on the other, and some leave link files.
    for (let turn = 0; turn < 6; turn += 1) {
      const [from, to] = [`from${turn}`, `to${turn}`];
      writeFileSync(`${one}/${from}`, "the new one");
      writeFileSync(`${one}/${to}`, "the old one");
      const fds = [one, other].flatMap((mount) =>
        [from, to].map((name) => openSync(`${mount}/${name}`, "r+")),
      );
      const by = turn % 2 === 0 ? one : other;
      renameSync(`${by}/${from}`, `${by}/${to}`);
      for (const fd of fds) writeSync(fd, "THE", 0);
      found.push(
        fds.map(read),
        fds.map((fd) => fstatSync(fd).nlink),
      );
      found.push([one, other].map((mount) => readFileSync(`${mount}/${to}`, "utf8")));
      found.push([one, other].map((mount) => statSync(`${mount}/${from}`, { throwIfNoEntry: false })));
      for (const fd of fds) closeSync(fd);
    }
    return found;
  });
  expect(ours).toEqual(stock);
  expect(ours.slice(0, 4)).toEqual([
    ["THE new one", "THE old one", "THE new one", "THE old one"],
    [1, 0, 1, 0],
    ["THE new one", "THE new one"],
    [undefined, undefined],
  ]);
});

it("has one file under names in several directories, until the last of them is gone", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const [one, other] = await mounts(start);
    for (const directory of ["a", "b", "c"]) await mkdir(`${one}/${directory}`);
    const found: unknown[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      await writeFile(`${one}/a/first${turn}`, "one file");
      await link(`${one}/a/first${turn}`, `${one}/b/second${turn}`);
      await link(`${other}/b/second${turn}`, `${other}/c/third${turn}`);
      const names = [`a/first${turn}`, `b/second${turn}`, `c/third${turn}`];
      const stats = await Promise.all(
        [one, other].flatMap((mount) => names.map((name) => stat(`${mount}/${name}`))),
      );
      found.push(
        stats.map(({ nlink }) => nlink),
        new Set(stats.map(({ ino }) => ino)).size,
      );
      await writeFile(`${other}/c/third${turn}`, "one text");
      found.push(await Promise.all(names.map((name) => readFile(`${one}/${name}`, "utf8"))));
      await unlink(`${one}/a/first${turn}`);
      await rename(`${other}/c/third${turn}`, `${other}/a/moved${turn}`);
      // Onto another name of the same file nothing happens.
      await rename(`${one}/a/moved${turn}`, `${one}/b/second${turn}`);
      const left = await Promise.all(
        [`${one}/b/second${turn}`, `${other}/a/moved${turn}`].map((path) => stat(path)),
      );
      found.push(left.map(({ nlink }) => nlink));
      await unlink(`${one}/b/second${turn}`);
      found.push(
        await readFile(`${one}/a/moved${turn}`, "utf8"),
        (await stat(`${other}/a/moved${turn}`)).nlink,
      );
      await unlink(`${other}/a/moved${turn}`);
    }
    for (const directory of ["a", "b", "c"]) found.push(await readdir(`${one}/${directory}`));
    return found;
  });
  expect(ours).toEqual(stock);
  expect(ours.slice(0, 6)).toEqual([
    [3, 3, 3, 3, 3, 3],
    1,
    ["one text", "one text", "one text"],
    [2, 2],
    "one text",
    1,
  ]);
});
