import { type BrickClient, isFopError } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  type Direntp,
  errnoName,
  FileType,
  type Gfid,
  type Iatt,
  NULL_GFID,
} from "@brickshift/wire";
import { outcomeOf, plainOf } from "./outcome.js";
import { objectGfid } from "./step-request.js";

const READDIR_BYTES = 131_072;
/** Of files longer than twice this, the beginning and the end are compared. */
const CONTENT_BYTES = 262_144;

/** Everything below the directory of a run, by path: attributes, xattrs, content, targets and locks. */
export async function finalTree(client: BrickClient, run: number): Promise<Map<string, unknown>> {
  const tree = new Map<string, unknown>();
  const visit = async (path: string, stat: Iatt) => {
    const content = await contentOf(client, stat, run).catch((error: unknown) => ({
      failed: fopFailure(error),
    }));
    tree.set(path, { stat: plainOf(stat, run), ...content });
    if ((stat.mode & FileType.mask) !== FileType.directory) return;
    for (const name of await namesOf(client, stat.gfid)) {
      const found = await client.fops
        .lookup({ pargfid: stat.gfid, gfid: NULL_GFID, bname: name })
        .catch((error: unknown) => fopFailure(error));
      if (typeof found === "string") tree.set(`${path}/${name}`, found);
      else await visit(`${path}/${name}`, found.prestat);
    }
  };
  const { stat } = await client.fops.stat({ gfid: objectGfid(run, 0) });
  await visit("", stat);
  return tree;
}

function fopFailure(error: unknown): string {
  if (!isFopError(error)) throw error;
  return `${error.fop}: ${errnoName(error.errno)}`;
}

async function namesOf(client: BrickClient, gfid: Gfid): Promise<readonly string[]> {
  const { fd } = await client.fops.opendir({ gfid });
  const names: string[] = [];
  for (let offset = 0n; ;) {
    const { entries } = await client.fops.readdirp({ gfid, fd, offset, size: READDIR_BYTES });
    const last: Direntp | undefined = entries.at(-1);
    if (last === undefined) break;
    names.push(...entries.map((entry) => entry.name));
    offset = last.offset;
  }
  await client.fops.releasedir({ gfid, fd });
  return names.filter((name) => name !== "." && name !== "..").toSorted();
}

async function contentOf(client: BrickClient, stat: Iatt, run: number): Promise<object> {
  const { gfid } = stat;
  const type = stat.mode & FileType.mask;
  const { dict } = await client.fops.getxattr({ gfid, name: "" });
  const xattrs = plainOf(dict, run);
  if (type === FileType.symlink)
    return { xattrs, target: (await client.fops.readlink({ gfid, size: 4096 })).path };
  if (type !== FileType.regular) return { xattrs };
  const starts = [0, ...(stat.size > CONTENT_BYTES ? [stat.size - CONTENT_BYTES] : [])];
  const content: unknown[] = [];
  for (const offset of starts) {
    const read = await client.fops.read({ gfid, fd: ANONYMOUS_FD, offset, size: CONTENT_BYTES });
    content.push(plainOf(read.payload, run));
    read.release();
  }
  const locks = outcomeOf("getactivelk", await client.fops.getactivelk({ gfid }), run);
  return { xattrs, content, locks };
}
