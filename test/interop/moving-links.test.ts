import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed } from "./support/command.js";
import { MovingStage, whileRunning } from "./support/moving-stage.js";
import { outcome } from "./support/outcome.js";
import { Scratch } from "./support/scratch.js";
import { sizeOf } from "./support/size.js";

const MIB = 1_048_576;
const FILES = sizeOf("FILES", 6);

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

it("keeps the names that files get and lose while they move, and what is written by each of them", async () => {
  const stage = await MovingStage.start(scratch);
  const mount = await stage.mount();
  const at = (path: string) => `${mount.path}${path}`;
  mkdirSync(at("/elsewhere"));
  const files = Array.from({ length: FILES }, (_, index) => {
    const content = Buffer.alloc(2 * MIB + 4_096 * index, index + 1);
    const path = stage.nameOnB1(mount, "/linked", (file) => writeFileSync(file, content));
    return { path, content, names: new Set([path]), made: 0 };
  });
  const refused: string[] = [];
  const tally = { links: 0, unlinks: 0, writes: 0 };
  const act = (turn: number) => {
    const file = files[turn % files.length] as (typeof files)[number];
    const directory = turn % 2 === 0 ? "/linked" : "/elsewhere";
    const name = `${directory}/${file.path.split("/").at(-1)}-${(file.made += 1)}`;
    const linked = outcome(() => linkSync(at(file.path), at(name)));
    if (linked === undefined) {
      file.names.add(name);
      tally.links += 1;
    } else {
      refused.push(`link: ${linked}`);
    }
    // By its newest name.
    const newest = [...file.names].at(-1) as string;
    const piece = Buffer.alloc(1_000, turn);
    const place = (turn * 77_777) % (2 * MIB);
    const fd = openSync(at(newest), "r+");
    writeSync(fd, piece, 0, piece.length, place);
    closeSync(fd);
    piece.copy(file.content, place);
    tally.writes += 1;
    if (turn % 5 !== 0 || file.names.size < 3) return;
    const old = [...file.names][1] as string;
    const unlinked = outcome(() => unlinkSync(at(old)));
    if (unlinked === undefined) {
      file.names.delete(old);
      tally.unlinks += 1;
    } else {
      refused.push(`unlink: ${unlinked}`);
    }
  };
  const runner = stage.run(["/linked"], ["--bytes-per-second", String(2 * MIB)]);
  const report = await whileRunning(runner, act);
  expect(report).toMatchObject({ filesMoved: FILES, filesFailed: 0 });
  // Nothing is worth knowing that did not happen while the files moved.
  expect(Math.min(...Object.values(tally))).toBeGreaterThan(FILES);
  for (let turn = 1; turn <= 2 * FILES; turn += 1) act(turn);
  await mount.unmount();

  const again = await stage.mount();
  for (const { path, content, names } of files) {
    expect(stage.on("b0", path)).toBe("data");
    const stats = [...names].map((name) => statSync(`${again.path}${name}`));
    expect([path, ...new Set(stats.map(({ ino, nlink }) => `${ino} ${nlink}`))]).toEqual([
      path,
      `${stats[0]?.ino} ${names.size}`,
    ]);
    for (const name of names) expect(readFileSync(`${again.path}${name}`).equals(content)).toBe(true);
  }
  const moved = new Set(files.map(({ path }) => path.split("/").at(-1) as string));
  const listed = (await succeed("find", [`${again.path}/linked`, `${again.path}/elsewhere`, "-type", "f"]))
    .trim()
    .split("\n")
    .map((name) => name.slice(again.path.length))
    .filter((name) => moved.has(name.split("/").at(-1)?.split("-")[0] as string));
  expect(listed.toSorted()).toEqual(files.flatMap(({ names }) => [...names]).toSorted());
  expect(refused).toEqual([]);
});
