import { setTimeout as sleep } from "node:timers/promises";
import { fsck } from "@brickshift/brick/fsck";
import { openDiskStore } from "@brickshift/brick/store-disk";
import type { BrickProcess } from "../processes/brick-process.js";
import type { Scene } from "../scene/scene.js";

/** Time in which bricks notice that everybody has gone, in ms. */
const NOTICE_MS_MAX = 30_000;
const LEFT_TO_START = /: (pending|orphan-blob): /;

/** What is left on the bricks although nobody uses them. */
export async function leftOver(scene: Scene): Promise<string[]> {
  const deadlineMs = performance.now() + NOTICE_MS_MAX;
  for (;;) {
    const left: string[] = [];
    for (const brick of scene.bricks) {
      for (const [what, count] of Object.entries(await brick.usage())) {
        if (count > 0) left.push(`${brick.name} has ${count} ${what} although nobody uses it`);
      }
    }
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(20);
  }
}

/** Ends the bricks in order and checks their stores. */
export async function checkStores(scene: Scene): Promise<string[]> {
  const wrong: string[] = [];
  for (const brick of scene.bricks) {
    let found = await checkStore(brick);
    // What a full disk kept it from emptying it empties at its next start.
    if (found.length > 0 && scene.disks.length > 0 && found.every((text) => LEFT_TO_START.test(text))) {
      await brick.start();
      found = await checkStore(brick);
    }
    wrong.push(...found);
  }
  return wrong;
}

async function checkStore(brick: BrickProcess): Promise<string[]> {
  const code = await brick.stop();
  const store = await openDiskStore({ directory: brick.directory });
  const { findings } = await fsck(store);
  await store.close();
  return [
    ...(code === 0 ? [] : [`${brick.name} did not end in order: ${code}`]),
    ...findings.map(({ kind, text }) => `fsck of ${brick.name}: ${kind}: ${text}`),
  ];
}
