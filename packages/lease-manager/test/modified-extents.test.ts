import type { Epoch } from "@brickshift/wire";
import { array, assert, constant, constantFrom, integer, nat, oneof, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { ModifiedExtents } from "../src/modified-extents.js";
import { LeaseScene } from "./lease-scene.js";

const epoch = (n: number) => BigInt(n) as Epoch;

/** The same marks, byte by byte: the epoch of the last modification of each, 0 for none. */
class ByteMap {
  readonly epochs: number[];

  constructor(size: number) {
    this.epochs = Array.from({ length: size }, () => 0);
  }

  mark(offset: number, length: number, at: number) {
    for (let byte = offset; byte < Math.min(this.epochs.length, offset + length); byte += 1) {
      this.epochs[byte] = at;
    }
  }

  since(at: number): boolean[] {
    return this.epochs.map((marked) => marked >= at);
  }
}

const SIZE = 64;
const marks = array(
  record({
    offset: nat(SIZE - 1),
    length: oneof({ weight: 6, arbitrary: nat(12) }, { weight: 1, arbitrary: constant(Infinity) }),
    step: constantFrom(0, 0, 1),
  }),
  { maxLength: 40 },
);

function bytesOf(extents: ModifiedExtents, at: number): boolean[] {
  const found = extents.since(epoch(at));
  if (found === "unknown") throw new Error("it is tracked from 1 on");
  let before = -1;
  for (const { offset, length } of found) {
    expect(offset).toBeGreaterThan(before);
    expect(length).toBeGreaterThan(0);
    before = offset + length;
  }
  return Array.from({ length: SIZE }, (_, byte) =>
    found.some(({ offset, length }) => offset <= byte && byte < offset + length),
  );
}

describe("against a map of bytes", () => {
  it("tells exactly which bytes were modified since any epoch, while there is room", () => {
    assert(
      property(marks, (steps) => {
        const extents = new ModifiedExtents(epoch(1), 1_000);
        const model = new ByteMap(SIZE);
        let at = 1;
        for (const { offset, length, step } of steps) {
          at += step;
          extents.mark(offset, length, epoch(at));
          model.mark(offset, length, at);
        }
        for (let since = 1; since <= at + 1; since += 1)
          expect(bytesOf(extents, since)).toEqual(model.since(since));
        expect(extents.coarsened).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("never misses a modified byte, nor grows beyond its bound, when there is no room", () => {
    let coarsened = 0;
    assert(
      property(marks, integer({ min: 2, max: 5 }), (steps, max) => {
        const extents = new ModifiedExtents(epoch(1), max);
        const model = new ByteMap(SIZE);
        let at = 1;
        for (const { offset, length, step } of steps) {
          at += step;
          extents.mark(offset, length, epoch(at));
          model.mark(offset, length, at);
          expect(extents.count).toBeLessThanOrEqual(max);
        }
        for (let since = 1; since <= at + 1; since += 1) {
          const told = bytesOf(extents, since);
          const missed = model.since(since).filter((modified, byte) => modified && told[byte] !== true);
          expect(missed).toEqual([]);
        }
        coarsened += extents.coarsened;
      }),
      { numRuns: 300 },
    );
    expect(coarsened).toBeGreaterThan(100);
  });
});

it("joins the two extents with the smallest gap when there is one too many", () => {
  const extents = new ModifiedExtents(epoch(1), 3);
  for (const offset of [0, 100, 130, 200]) extents.mark(offset, 10, epoch(1));
  expect(extents.since(epoch(1))).toEqual([
    { offset: 0, length: 10 },
    { offset: 100, length: 40 },
    { offset: 200, length: 10 },
  ]);
});

it("gives a joined extent the newer of the two epochs", () => {
  const extents = new ModifiedExtents(epoch(1), 2);
  extents.mark(0, 10, epoch(2));
  extents.mark(12, 10, epoch(3));
  extents.mark(1_000, 10, epoch(4));
  expect(extents.since(epoch(3))).toEqual([
    { offset: 0, length: 22 },
    { offset: 1_000, length: 10 },
  ]);
  expect(extents.since(epoch(4))).toEqual([{ offset: 1_000, length: 10 }]);
});

it("merges neighbours in its answer, and keeps a run of writes at one epoch as one extent", () => {
  const extents = new ModifiedExtents(epoch(1), 10);
  for (let n = 0; n < 1_000; n += 1) extents.mark(n * 4_096, 4_096, epoch(1));
  expect(extents.count).toBe(1);
  extents.mark(4_096_000, 4_096, epoch(2));
  expect(extents.count).toBe(2);
  expect(extents.since(epoch(1))).toEqual([{ offset: 0, length: 4_100_096 }]);
});

it("marks nothing for a fop of no bytes", () => {
  const extents = new ModifiedExtents(epoch(1), 10);
  extents.mark(5, 0, epoch(1));
  expect(extents.since(epoch(1))).toEqual([]);
});

it("tells what was modified since a grant, and not what was before it", () => {
  const said = new LeaseScene().play(`
    modify 0 10
    request A runner read data
    since 1
    unlock A runner
    modify 100 10
    request B runner read data
    modify 200 end
    since 1
    since 2
    since 0
  `);
  expect(said).toEqual([
    "grant A to runner, epoch 1",
    "nothing",
    "A unlocked",
    "grant B to runner, epoch 2",
    "100+10 200+end",
    "200+end",
    "unknown",
  ]);
});

it("does not track for a stock lease", () => {
  const said = new LeaseScene().play(`
    request A alice read open
    since 1
  `);
  expect(said.at(-1)).toBe("unknown");
});

it("starts anew after it was told to forget", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A runner read data
    modify 0 10
    unlock A runner
  `);
  scene.manager.forgetExtents(scene.inode().gfid);
  expect(scene.run("since 1")).toEqual(["unknown"]);
  expect(scene.play("request B runner read data\n since 1\n since 2")).toEqual([
    "grant B to runner, epoch 2",
    "unknown",
    "nothing",
  ]);
});

it("gives up the inode longest unused when too many are tracked", () => {
  const scene = new LeaseScene({ trackedInodesMax: 2 });
  const said = scene.play(`
    request A runner read data on f
    request B runner read data on g
    modify 0 10 on f
    request C runner read data on h
    since 1 on f
    since 2 on g
    since 3 on h
  `);
  expect(said.slice(3)).toEqual(["0+10", "unknown", "nothing"]);
  expect(scene.manager.usage.trackedInodes).toBe(2);
});

it("gives up the inode longest unused when there are too many extents in all", () => {
  const scene = new LeaseScene({ extentsTotalMax: 3 });
  const said = scene.play(`
    request A runner read data on f
    request B runner read data on g
    modify 0 10 on g
    modify 0 10 on f
    modify 20 10 on f
    since 2 on g
    modify 40 10 on f
    since 1 on f
    since 2 on g
    modify 60 10 on f
    since 1 on f
  `);
  expect(said.slice(2)).toEqual(["0+10", "0+10 20+10 40+10", "unknown", "0+10 20+10 40+10 60+10"]);
});

it("counts the extents of an inode that it forgets no more", () => {
  const scene = new LeaseScene({ extentsTotalMax: 2 });
  scene.play(`
    request A runner read data on f
    request B runner read data on g
    modify 0 10 on f
    modify 20 10 on f
  `);
  scene.manager.forgetExtents(scene.inode("f").gfid);
  expect(scene.play("modify 0 10 on g\n modify 20 10 on g\n since 2 on g").at(-1)).toBe("0+10 20+10");
});

it("keeps extents while the record of the inode comes and goes", () => {
  const scene = new LeaseScene();
  scene.play(`
    request A runner read data
    modify 0 10
    unlock A runner
    forget
  `);
  expect(scene.manager.usage.inodes).toBe(0);
  expect(scene.run("since 1")).toEqual(["0+10"]);
});

it("tells how often extents were joined for want of room", () => {
  const scene = new LeaseScene({ extentsMax: 2 });
  expect(scene.manager.coarsenedExtents(scene.inode().gfid)).toBe(0);
  scene.play(`
    request A runner read data
    modify 0 10
    modify 20 10
    modify 40 10
  `);
  expect(scene.manager.coarsenedExtents(scene.inode().gfid)).toBe(1);
  expect(scene.run("since 1")).toEqual(["0+30 40+10"]);
});

it("makes room for a quarter at once, by the smallest gaps, and those at lower offsets first", () => {
  const extents = new ModifiedExtents(epoch(1), 8);
  for (const offset of [0, 20, 45, 60, 80, 100, 130, 150, 170]) extents.mark(offset, 10, epoch(1));
  expect(extents.since(epoch(1))).toEqual([
    { offset: 0, length: 30 },
    { offset: 45, length: 45 },
    { offset: 100, length: 10 },
    { offset: 130, length: 10 },
    { offset: 150, length: 10 },
    { offset: 170, length: 10 },
  ]);
  expect([extents.count, extents.coarsened]).toEqual([6, 3]);
});

it("keeps no more extents than it must, however writes overlap", () => {
  const extents = new ModifiedExtents(epoch(1), 100);
  extents.mark(10, 10, epoch(1));
  extents.mark(20, 10, epoch(1));
  extents.mark(0, 10, epoch(1));
  expect(extents.count).toBe(1);
  extents.mark(12, 4, epoch(2));
  expect(extents.count).toBe(3);
  expect(extents.since(epoch(2))).toEqual([{ offset: 12, length: 4 }]);
  extents.mark(12, 4, epoch(3));
  extents.mark(11, 1, epoch(3));
  extents.mark(16, 1, epoch(3));
  expect(extents.count).toBe(3);
  expect(extents.since(epoch(3))).toEqual([{ offset: 11, length: 6 }]);
  extents.mark(5, Infinity, epoch(4));
  expect(extents.count).toBe(2);
  expect(extents.since(epoch(4))).toEqual([{ offset: 5, length: Infinity }]);
});

it("keeps an inode that was used last, whether it was marked, asked for or leased", () => {
  for (const use of ["modify 0 1 on f", "since 1 on f", "request D runner read data on f"]) {
    const scene = new LeaseScene({ trackedInodesMax: 2 });
    scene.play(`
      request A runner read data on f
      request B runner read data on g
      ${use}
      request C runner read data on h
    `);
    expect(scene.run("since 1 on f")).not.toEqual(["unknown"]);
    expect(scene.run("since 2 on g")).toEqual(["unknown"]);
  }
});

it("has as much room as before when an inode was forgotten", () => {
  const scene = new LeaseScene({ extentsTotalMax: 3 });
  scene.play(`
    request A runner read data on f
    request B runner read data on g
    request C runner read data on h
    modify 0 10 on f
    modify 20 10 on f
    modify 0 10 on h
  `);
  scene.manager.forgetExtents(scene.inode("f").gfid);
  scene.play("modify 0 10 on g\n modify 20 10 on g");
  expect(scene.play("since 3 on h\n since 2 on g")).toEqual(["0+10", "0+10 20+10"]);
  scene.run("modify 40 10 on g");
  expect(scene.run("since 3 on h")).toEqual(["unknown"]);
});
