import { type BrickClient, isFopError } from "@brickshift/brick-client";
import { isRpcError } from "@brickshift/rpc";
import {
  type Dict,
  Errno,
  getXdata,
  type Gfid,
  intValue,
  LkCmd,
  LockType,
  NULL_GFID,
  ROOT_GFID,
  uintValue,
  XDATA,
} from "@brickshift/wire";
import type { FileClient, SharedFile } from "./file-client.js";

const ONLY_LINK_FILES: Dict = new Map([["unlink-only-if-dht-linkto-file", intValue(1)]]);
/** Asks a LOOKUP where a link file leads to. */
export const ASK_LINKTO: Dict = new Map([[XDATA.linkto, uintValue(256)]]);
/** How often a lock that somebody has is asked for again. */
const LOCK_TRIES_MAX = 8;

type Kind = "data" | "link" | "absent" | "unknown";

/** A client that gives a file new names, under the lock that distribute clients take for it. */
export async function renamer(client: FileClient): Promise<void> {
  const { plan, files, random, isEnding, bricks } = client.world;
  const names = new Map(files.filter(({ isRenamed }) => isRenamed).map((file) => [file, file.name]));
  for (let count = 0; count < plan.operations && !isEnding(); count += 1) {
    await client.pause();
    const [file, name] = random.pick([...names]);
    await withLock(client, file, async () => {
      const where = await whereIs(bricks, file.gfid);
      if (where === undefined) return;
      const next = `${file.name}.${count + 1}`;
      if (await giveName(client, file, where, name, next)) names.set(file, next);
    });
    // Without an answer it does not know the name any more.
    if (client.world.history.operations.some((other) => isLostName(other, file.name))) names.delete(file);
    if (names.size === 0) return;
  }
}

function isLostName(
  operation: { readonly type: string; readonly file: string; readonly outcome: string },
  file: string,
) {
  return operation.type === "name" && operation.file === file && operation.outcome === "unknown";
}

/** Renames on the brick with the data; before that the link file of the source, when the data is not there. */
async function giveName(
  client: FileClient,
  file: SharedFile,
  where: 0 | 1,
  oldName: string,
  newName: string,
): Promise<boolean> {
  const { bricks, history, plan } = client.world;
  const request = { oldgfid: ROOT_GFID, newgfid: ROOT_GFID, oldbname: oldName, newbname: newName };
  if (where === 1) await bricks[0].fops.rename(request).catch(() => {});
  const operation = history.begin({ client: plan.name, file: file.name, type: "name", name: newName });
  try {
    await bricks[where].fops.rename(request);
    history.end(operation, "done", bricks[where].brick);
    return true;
  } catch (error) {
    history.end(operation, isCertain(error) ? "refused" : "unknown", bricks[where].brick);
    return false;
  }
}

/** A client that removes a file: the data first, then what points to it. */
export async function unlinker(client: FileClient): Promise<void> {
  await removeFiles(client, true);
}

/** A client that dies when it has removed the data, and leaves what points to it. */
export async function halfUnlinker(client: FileClient): Promise<void> {
  await removeFiles(client, false);
}

async function removeFiles(client: FileClient, isWhole: boolean): Promise<void> {
  const { files, bricks, history, plan, process, random } = client.world;
  for (const file of files.filter(({ isUnlinked }) => isUnlinked)) {
    await process.pause(random.next() * 300);
    const where = await whereIs(bricks, file.gfid);
    if (where === undefined) continue;
    const operation = history.begin({ client: plan.name, file: file.name, type: "name" });
    const request = { pargfid: ROOT_GFID, bname: file.name };
    try {
      await bricks[where].fops.unlink(request);
      history.end(operation, "done", bricks[where].brick);
    } catch (error) {
      history.end(operation, isCertain(error) ? "refused" : "unknown", bricks[where].brick);
      continue;
    }
    if (!isWhole) return;
    await bricks[where === 0 ? 1 : 0].fops.unlink({ ...request, xdata: ONLY_LINK_FILES }).catch(() => {});
  }
}

/**
 * A client that looks for names on both bricks and removes what it takes for stale link files, as a distribute client does when
 * it finds a name where it does not expect one: link files on the brick that no name hashes to, and those that lead nowhere.
 */
export async function looker(client: FileClient): Promise<void> {
  const { plan, files, random, isEnding, bricks, marks } = client.world;
  for (let count = 0; count < plan.operations && !isEnding(); count += 1) {
    await client.pause();
    const { name } = random.pick(files);
    const [source, destination] = [await kindOf(bricks[0], name), await kindOf(bricks[1], name)];
    const remove = (brick: BrickClient) =>
      brick.fops.unlink({ pargfid: ROOT_GFID, bname: name, xdata: ONLY_LINK_FILES }).then(
        () => true,
        (error: unknown) => {
          if (isFopError(error) && error.errno === Errno.EBUSY) marks.reach("prepared-kept");
          return false;
        },
      );
    if (destination === "link" && (await remove(bricks[1]))) marks.reach("target-unlinked");
    if (
      source === "link" &&
      destination !== "data" &&
      destination !== "unknown" &&
      (await remove(bricks[0]))
    ) {
      marks.reach("link-removed");
    }
  }
}

async function kindOf(brick: BrickClient, name: string): Promise<Kind> {
  const request = { gfid: NULL_GFID, pargfid: ROOT_GFID, flags: 0, bname: name, xdata: ASK_LINKTO };
  return lookUp(brick, request);
}

/** Which brick has the data; `undefined` when nobody says so now. */
async function whereIs(bricks: FileClient["world"]["bricks"], gfid: Gfid): Promise<0 | 1 | undefined> {
  for (const where of [0, 1] as const) {
    const request = { gfid, pargfid: NULL_GFID, flags: 0, bname: "", xdata: ASK_LINKTO };
    if ((await lookUp(bricks[where], request)) === "data") return where;
  }
  return undefined;
}

/** Asks a brick what it has. */
export async function lookUp(
  brick: BrickClient,
  request: Parameters<BrickClient["fops"]["lookup"]>[0],
): Promise<Kind> {
  try {
    const { xdata } = await brick.fops.lookup(request);
    const linkto = getXdata(xdata, "linkto");
    return linkto === undefined || linkto === "" ? "data" : "link";
  } catch (error) {
    if (!isFopError(error)) return "unknown";
    return error.errno === Errno.ENOENT || error.errno === Errno.ESTALE ? "absent" : "unknown";
  }
}

async function withLock(client: FileClient, { gfid }: SharedFile, work: () => Promise<void>): Promise<void> {
  const { bricks, process, plan } = client.world;
  const [brick] = bricks;
  const auth = { lkOwner: Buffer.from(plan.name.padEnd(8, ".")) };
  const send = (type: number) => {
    const flock = { type, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
    return brick.fops.inodelk({ gfid, cmd: LkCmd.setlk, type, flock, volume: "dht.file.migrate" }, { auth });
  };
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries += 1) {
    const isTaken = await send(LockType.write).then(
      () => true,
      () => false,
    );
    if (isTaken) {
      await work();
      await send(LockType.unlock).catch(() => {});
      return;
    }
    await process.pause(30);
  }
}

/** Whether the brick said no, so that nothing was done. */
function isCertain(error: unknown): boolean {
  return isRpcError(error) ? error.executed === "no" : isFopError(error) && error.errno !== Errno.EIO;
}
