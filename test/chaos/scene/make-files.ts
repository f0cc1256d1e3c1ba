import { ANONYMOUS_FD, FileType, gfidValue, ROOT_GFID } from "@brickshift/wire";
import { bytesOf } from "../../simulation/clients/block.js";
import { BLOCK_BYTES } from "../clients/recorded-history.js";
import { directClient } from "./direct-client.js";
import type { Scene } from "./scene.js";

/** Makes the files of a round on the first brick. */
export async function makeFiles(scene: Scene): Promise<void> {
  const client = await directClient(scene.bricks[0]);
  for (const file of scene.files) {
    const { gfid, name: bname, blocks } = file;
    const xdata = new Map([["gfid-req", gfidValue(gfid)] as const]);
    await client.fops.mknod({ pargfid: ROOT_GFID, bname, dev: 0n, mode: FileType.regular | 0o640, xdata });
    if (blocks === 0) continue;
    const payload = bytesOf(scene.initialValue(file), blocks, BLOCK_BYTES);
    await client.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 0, payload });
  }
  await client.close();
}
