import { afterEach, beforeEach, expect, it } from "vitest";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, mountVolfile, type MountedBrick } from "./support/fuse-mount.js";
import { compilePlayer, play } from "./support/permissions/player.js";
import { script } from "./support/permissions/script.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** Attributes and names are the bricks', not what the kernel remembers. */
const fresh = ["--attribute-timeout=0", "--entry-timeout=0"];

it.each([
  ["by the kernel", []],
  ["by the clients and the bricks", ["--acl"]],
])("answers system calls as stock bricks do, permissions being checked %s", async (_by, options) => {
  const { port } = await startEmulator(scratch, ["b0", "b1"]);
  const stock = [
    await startStockBrick(scratch, { name: "b0" }),
    await startStockBrick(scratch, { name: "b1" }),
  ];
  const player = await compilePlayer(scratch);
  const lines = script(process.env["SYSTEM_CALLS"] === "all");
  const playOn = async (bricks: readonly MountedBrick[], name: string) => {
    const { path } = await mountVolfile(scratch, clientVolfile(bricks), name, [...fresh, ...options]);
    return play(player, path, lines);
  };
  const [theirs, ours] = await Promise.all([
    playOn(stock, "stock"),
    playOn(
      ["b0", "b1"].map((name) => ({ name, port })),
      "ours",
    ),
  ]);
  expect(theirs).toHaveLength(lines.length);
  const differences = lines.flatMap((line, at) =>
    theirs[at] === ours[at] ? [] : [`${line}\n  stock ${theirs[at]}\n  ours  ${ours[at]}`],
  );
  expect(differences).toEqual([]);
  // The comparison is worth nothing unless calls succeeded and failed.
  const count = (errno: number) => theirs.filter((line) => line.startsWith(`${errno} `)).length;
  for (const errno of [1, 2, 13, 17, 20, 21, 36, 39, 40]) expect(count(errno)).toBeGreaterThan(0);
  expect(count(0)).toBeGreaterThan(lines.length / 3);
});
