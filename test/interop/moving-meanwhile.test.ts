import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed, until } from "./support/command.js";
import { MovingStage, whileRunning } from "./support/moving-stage.js";
import { compileMovingWriters, MovingWriters } from "./support/moving-writers.js";
import { Scratch } from "./support/scratch.js";

const mebibyte = 1_048_576;
/** Slow enough that what clients do meets the copying. */
const slowly = ["--bytes-per-second", String(6 * mebibyte)];

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** Bytes that differ from place to place. */
function content(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  for (let at = 0; at < words.length; at += 1) words[at] = Math.imul(at + 1, 0x9e3779b1) ^ seed;
  return Buffer.from(words.buffer);
}

/**
 * Renames; false when it has to be asked again. The stock client fails a rename with ENOENT that waited for the lock of a
 * migration and then finds that the data have moved.
 */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    // The file is there all the same.
    statSync(from);
    return false;
  }
}

it("moves several files at once, each under writers", async () => {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const program = await compileMovingWriters(scratch);
  const sizeBytes = 8 * mebibyte;
  const paths: string[] = [];
  for (let count = 0; count < 4; count += 1)
    paths.push(stage.nameOnB1(mount, "/several", (path) => writeFileSync(path, "")));
  const all = paths.map((path, index) => {
    const options = { file: `${mount.path}${path}`, sizeBytes, writers: 4, writesPerSecondEach: 10 };
    return new MovingWriters(scratch, program, options, `writers-${index}`);
  });
  for (const writing of all) await writing.fill();
  const running = all.map((writing) => writing.start(scratch));
  await Promise.all(running.map((writers) => writers.written(50)));
  const report = await whileRunning(stage.run(paths), () =>
    Promise.all(running.map((writers) => writers.status())),
  );
  expect(report).toMatchObject({ filesMoved: 4, filesFailed: 0 });
  await Promise.all(running.map((writers) => writers.written(50)));
  for (const writers of running)
    expect(await writers.stop()).toMatchObject({ errors: 0, firstError: "", stale: 0, torn: 0 });
  await mount.unmount();
  const again = await stage.mount();
  for (const [index, writing] of all.entries())
    expect(await writing.compare(`${again.path}${paths[index]}`)).toMatchObject({ lost: 0, sizeBytes });
});

it("follows truncation, growth and appending while the file moves", async () => {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const start = content(12 * mebibyte, 1);
  const path = stage.nameOnB1(mount, "/sizes", (file) => writeFileSync(file, start));
  const log = stage.nameOnB1(mount, "/sizes", (file) => writeFileSync(file, content(2 * mebibyte, 2)));
  const fd = openSync(`${mount.path}${path}`, "r+");
  const appending = openSync(`${mount.path}${log}`, "a");
  const expected = Buffer.alloc(16 * mebibyte);
  start.copy(expected);
  let size = start.length;
  let lines = 0;
  const act = async (turn: number) => {
    // Sizes and places that are no multiple of anything; what is cut off must not come back when the file grows.
    const next = 8 * mebibyte + ((turn * 777_777) % (7 * mebibyte));
    ftruncateSync(fd, next);
    if (next < size) expected.fill(0, next, size);
    size = next;
    const piece = content(20_000, turn);
    const at = (turn * 1_234_567) % size;
    writeSync(fd, piece, 0, piece.length, at);
    piece.copy(expected, at);
    size = Math.max(size, at + piece.length);
    expect(fstatSync(fd).size).toBe(size);
    writeSync(appending, `line ${(lines += 1)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const report = await whileRunning(stage.run([path, log], slowly), act);
  expect(report).toMatchObject({ filesMoved: 2, filesFailed: 0 });
  for (let turn = 10_000; turn < 10_003; turn += 1) await act(turn);
  closeSync(fd);
  closeSync(appending);
  await mount.unmount();
  const again = await stage.mount();
  const found = readFileSync(`${again.path}${path}`);
  expect(found.length).toBe(size);
  expect(found.equals(expected.subarray(0, size))).toBe(true);
  const numbers = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join("");
  expect(
    readFileSync(`${again.path}${log}`)
      .subarray(2 * mebibyte)
      .toString(),
  ).toBe(numbers);
  await until("the data to be on b0", () => !stage.isOnB1(path));
});

it("keeps what happens to names, modes, times and xattrs while files move", async () => {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const body = content(4 * mebibyte, 3);
  const on = (path: string) => `${mount.path}${path}`;
  const [changed, renamed, removed] = Array.from({ length: 3 }, () =>
    stage.nameOnB1(mount, "/names", (file) => writeFileSync(file, body)),
  ) as [string, string, string];
  const fd = openSync(on(removed), "r+");
  let name = renamed;
  let turns = 0;
  const act = async (turn: number) => {
    turns = turn;
    chmodSync(on(changed), turn % 2 === 0 ? 0o640 : 0o604);
    utimesSync(on(changed), 1_000_000 + turn, 2_000_000 + turn);
    await succeed("setfattr", ["-n", "user.turn", "-v", String(turn), on(changed)]);
    const next = `${renamed}-${turn % 3}`;
    if (next !== name && rename(on(name), on(next))) name = next;
    if (turn === 1) unlinkSync(on(removed));
  };
  const report = await whileRunning(stage.run(["/names"], slowly), act);
  for (let after = 0; after < 3; after += 1) await act(turns + 1);
  expect(name).toBe(`${renamed}-${turns % 3}`);
  expect(report).toMatchObject({ filesFailed: 0 });
  // A removed file that is open is still there for who has it open, wherever it was at its end.
  const tail = Buffer.alloc(4_096);
  readSync(fd, tail, 0, tail.length, body.length - tail.length);
  expect(tail.equals(body.subarray(body.length - tail.length))).toBe(true);
  closeSync(fd);
  await mount.unmount();

  const again = await stage.mount();
  const there = (path: string) => `${again.path}${path}`;
  const attributes = statSync(there(changed));
  expect((attributes.mode & 0o7777).toString(8)).toBe(turns % 2 === 0 ? "640" : "604");
  expect(attributes.mtimeMs).toBe((2_000_000 + turns) * 1_000);
  const xattr = await succeed("getfattr", ["--only-values", "-n", "user.turn", there(changed)]);
  expect(xattr).toBe(String(turns));
  const listed = (await succeed("ls", [there("/names")])).split("\n").map((entry) => `/names/${entry}`);
  expect(listed).toContain(name);
  expect(listed).not.toContain(removed);
  for (const path of [changed, name]) expect(readFileSync(there(path)).equals(body)).toBe(true);
  // What a listing says of each is what stat says of it.
  const long = await succeed("ls", ["-l", "--time-style=+%s", "--quoting-style=literal", there("/names")]);
  for (const line of long.split("\n").slice(1, -1)) {
    const entry = line.split(/\s+/).at(-1) as string;
    const stated = await succeed("stat", ["-c", "%A %h %s %Y", there(`/names/${entry}`)]);
    const [mode, nlink, , , bytes, time] = line.split(/\s+/);
    expect(`${mode} ${nlink} ${bytes} ${time}`).toBe(stated.trim());
  }
});

it("is one file for mounts older and younger than the flip", async () => {
  const stage = await MovingStage.start(scratch);
  const [old, idle] = [await stage.mount(), await stage.mount()];
  const body = content(2 * mebibyte, 4);
  const path = stage.nameOnB1(old, "/ages", (file) => writeFileSync(file, body));
  // Past the page cache, which a mount keeps for a while whatever is written through others.
  const direct = constants.O_RDWR | constants.O_DIRECT;
  const held = openSync(`${old.path}${path}`, direct);
  await whileRunning(stage.run([path]), () => statSync(`${old.path}${path}`));
  const young = openSync(`${idle.path}${path}`, direct);
  writeSync(young, "from the young", 0);
  writeSync(held, "from the old", 4_096);
  const [first, second] = [Buffer.alloc(14), Buffer.alloc(12)];
  readSync(held, first, 0, 14, 0);
  readSync(young, second, 0, 12, 4_096);
  expect([first.toString(), second.toString()]).toEqual(["from the young", "from the old"]);
  expect(fstatSync(young).ino).toBe(fstatSync(held).ino);
  closeSync(young);
  closeSync(held);
  const third = await stage.mount();
  expect(readFileSync(`${third.path}${path}`).toString("latin1", 4_096, 4_108)).toBe("from the old");
});

it("moves a file home, whose data are not where its name belongs", async () => {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const body = content(2 * mebibyte, 5);
  let path = stage.nameOnB1(mount, "/home", (file) => writeFileSync(file, body));
  // The stock client leaves data where they are when a new name belongs elsewhere, and makes a link file there.
  for (let attempt = 0; stage.on("b0", path) !== "link"; attempt += 1) {
    const next = `/home/other${attempt}`;
    renameSync(`${mount.path}${path}`, `${mount.path}${next}`);
    path = next;
  }
  const held = openSync(`${mount.path}${path}`, "r+");
  const report = await whileRunning(stage.run([path]), (turn) => {
    const piece = content(4_096, turn);
    const at = (turn * 12_288) % body.length;
    writeSync(held, piece, 0, piece.length, at);
    piece.copy(body, at);
  });
  expect(report).toMatchObject({ filesMoved: 1, filesFailed: 0 });
  closeSync(held);
  await mount.unmount();
  await until("the data to be home", () => stage.on("b0", path) === "data" && !stage.isOnB1(path));
  const again = await stage.mount();
  expect(readFileSync(`${again.path}${path}`).equals(body)).toBe(true);
  expect(await succeed("ls", [`${again.path}/home`])).toContain(path.slice("/home/".length));
});
