import { type BrickClient, isFopError } from "@brickshift/brick-client";
import { ANONYMOUS_FD, type Gfid } from "@brickshift/wire";

/** Writes to wherever the file is, as a client that follows links does; `false` when neither brick takes it now. */
export async function writeAnywhere(
  bricks: readonly BrickClient[],
  gfid: Gfid,
  offset: number,
  payload: Uint8Array,
): Promise<boolean> {
  for (const brick of bricks) {
    try {
      await brick.fops.write({ gfid, fd: ANONYMOUS_FD, offset, payload });
      return true;
    } catch (error) {
      if (!isElsewhere(error)) throw error;
    }
  }
  return false;
}

/** Reads from wherever the file is; `undefined` when neither brick shows data now. */
export async function readAnywhere(bricks: readonly BrickClient[], gfid: Gfid): Promise<Buffer | undefined> {
  for (const brick of bricks) {
    try {
      const { payload } = await brick.fops.read({ gfid, fd: ANONYMOUS_FD, offset: 0, size: 1_048_576 });
      return Buffer.from(payload);
    } catch (error) {
      if (!isElsewhere(error)) throw error;
    }
  }
  return undefined;
}

/** On how many of the bricks the file has its data. */
export async function dataFiles(bricks: readonly BrickClient[], gfid: Gfid): Promise<number> {
  let count = 0;
  for (const brick of bricks) {
    const isHere = await brick.fops.read({ gfid, fd: ANONYMOUS_FD, offset: 0, size: 1 }).then(
      () => true,
      (error: unknown) => {
        if (isElsewhere(error)) return false;
        throw error;
      },
    );
    if (isHere) count += 1;
  }
  return count;
}

function isElsewhere(error: unknown): boolean {
  // ENOENT: this brick never had the file.
  return isFopError(error) && (error.code === "FOP_MOVED" || error.errno === 2 || error.errno === 116);
}
