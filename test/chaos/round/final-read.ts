import { type BrickClient } from "@brickshift/brick-client";
import { ANONYMOUS_FD, NULL_GFID, ROOT_GFID } from "@brickshift/wire";
import type { History } from "../../simulation/check/history.js";
import { judgeFile } from "../../simulation/check/judge-history.js";
import { blocksOf } from "../../simulation/clients/block.js";
import { BLOCKS_MAX, type SharedFile } from "../../simulation/clients/file-client.js";
import { BLOCK_BYTES } from "../clients/recorded-history.js";
import type { Scene } from "../scene/scene.js";
import { kindOf } from "./file-place.js";

/** Reads every file where it must be now, and judges what all clients were told. */
export async function judgeAll(
  scene: Scene,
  history: History,
  [here, other]: readonly [BrickClient, BrickClient],
): Promise<string[]> {
  const violations: string[] = [];
  for (const file of scene.files) {
    const kinds = [await kindOf(here, file.gfid), await kindOf(other, file.gfid)];
    if (kinds[0] !== "data" || kinds[1] === "data") {
      violations.push(
        `${file.name} did not move as a whole: ${kinds[0]} on ${here.brick}, ${kinds[1]} on ${other.brick}`,
      );
      continue;
    }
    await readWhole(scene, history, here, file, violations);
    const before = { name: file.name, blocks: file.blocks, value: scene.initialValue(file) };
    const wrong = judgeFile(history, before);
    if (wrong !== undefined) violations.push(`LOST ${wrong.file}: ${wrong.text}`);
    await judgeName(history, here, file, violations);
  }
  return violations;
}

async function readWhole(
  scene: Scene,
  history: History,
  brick: BrickClient,
  file: SharedFile,
  violations: string[],
): Promise<void> {
  const operation = history.begin({
    client: "world",
    file: file.name,
    type: "read",
    from: 0,
    to: BLOCKS_MAX,
  });
  const size = BLOCKS_MAX * BLOCK_BYTES;
  const { payload, stat, release } = await brick.fops.read({
    gfid: file.gfid,
    fd: ANONYMOUS_FD,
    offset: 0,
    size,
  });
  const values = blocksOf(payload, BLOCKS_MAX, BLOCK_BYTES);
  release();
  if (values === undefined) violations.push(`LOST ${file.name}: a block is of two writes`);
  operation.values = values ?? new Uint32Array(BLOCKS_MAX);
  operation.sizeBytes = stat.size;
  history.end(operation, "done", brick.brick);
  // The clock of the clients: later than all of them.
  Object.assign(operation, { call: scene.instant(), end: scene.instant() + 1 });
}

/** A file has the name that it was given last, and no other. */
async function judgeName(
  history: History,
  brick: BrickClient,
  file: SharedFile,
  violations: string[],
): Promise<void> {
  const given = history.operations.filter(({ type, file: name }) => type === "name" && name === file.name);
  if (given.some(({ outcome }) => outcome === "unknown")) return;
  const last = given.filter(({ outcome }) => outcome === "done").at(-1)?.name ?? file.name;
  const found = await brick.fops
    .lookup({ gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: last })
    .catch(() => undefined);
  const isRight = found?.prestat.gfid === file.gfid && found.prestat.nlink === 1;
  if (!isRight)
    violations.push(
      `${file.name} was named ${last} last, and is not that on ${brick.brick}, or has more names`,
    );
}
