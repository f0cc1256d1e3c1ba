import type { BrickClient } from "@brickshift/brick-client";
import { ANONYMOUS_FD, FileType, type Gfid, gfidValue, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { parseBrickUrl } from "../src/brick-url.js";
import { connectBrick } from "../src/connect-brick.js";
import { BrickProcess } from "../src/demo/brick-process.js";

/** A brick in a process of its own, and a client of it. */
export interface ServedBrick {
  readonly url: string;
  readonly client: BrickClient;
  /** Ends both; the store stays. */
  stop(): Promise<void>;
}

/** Serves the store in `directory` under `name`. */
export async function serveBrick(name: string, directory: string): Promise<ServedBrick> {
  const brick = new BrickProcess(name, directory);
  await brick.start();
  const client = await connectBrick(parseBrickUrl(brick.url), { processName: "test" });
  const stop = async () => {
    await client.close();
    await brick.stop();
  };
  return { url: brick.url, client, stop };
}

let gfids = 0;

/** Makes a file with content in the root. */
export async function makeFile(client: BrickClient, bname: string, content: Uint8Array): Promise<Gfid> {
  gfids += 1;
  const gfid = parseGfid(`cccccccc-0000-4000-8000-${gfids.toString(16).padStart(12, "0")}`);
  const xdata = new Map([["gfid-req", gfidValue(gfid)] as const]);
  await client.fops.mknod({ pargfid: ROOT_GFID, bname, dev: 0n, mode: FileType.regular | 0o640, xdata });
  for (let offset = 0; offset < content.length; offset += 1_048_576) {
    const payload = content.subarray(offset, offset + 1_048_576);
    await client.fops.write({ gfid, fd: ANONYMOUS_FD, offset, payload });
  }
  return gfid;
}

/** The bytes of a file, whole. */
export async function readAll(client: BrickClient, gfid: Gfid): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const { payload, stat } = await client.fops.read({ gfid, fd: ANONYMOUS_FD, offset, size: 65_536 });
    chunks.push(Buffer.from(payload));
    offset += payload.length;
    if (offset >= stat.size || payload.length === 0) return Buffer.concat(chunks);
  }
}

/** Names in the root, sorted. */
export async function namesIn(client: BrickClient): Promise<readonly string[]> {
  const page = { gfid: ROOT_GFID, fd: ANONYMOUS_FD, offset: 0n, size: 65_536 };
  const { entries } = await client.fops.readdir(page);
  return entries
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("."))
    .toSorted();
}
