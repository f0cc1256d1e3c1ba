import {
  bytesValue,
  CONTENT_KEY,
  type Dict,
  dictNumber,
  dictText,
  type DictValue,
  FileType,
  type Gfid,
  gfidToBytes,
  type Iatt,
  intValue,
  uintValue,
  XDATA,
} from "@brickshift/wire";
import type { Brick } from "../brick.js";
import type { Xattrs } from "../tree/tree.js";

const inodelkPrefix = "glusterfs.inodelk-dom-prefix:";
const ourKeys: ReadonlySet<string> = new Set([
  "gfid-req",
  CONTENT_KEY,
  "list-xattr",
  "glusterfs-internal-fop",
  ...Object.values(XDATA).filter((key) => key !== XDATA.linkto),
]);

/**
 * The answers to what a request asks for in its xdata: known keys, and any other as the name of an xattr,
 * left out when the object does not have it. `null` when nothing was asked.
 * Source: measured, dict-and-types of 10.3; `fop-lookup`, `fop-readdirp`.
 */
export function answerKeys(brick: Brick, asked: Dict | null, stat: Iatt): Dict | null {
  if (asked === null || asked.size === 0) return asked;
  const answers = new Map(answerKnownKeys(brick, asked, stat));
  const { gfid } = stat;
  // Looked up when a key asks for one: most fops with xdata only say under which lease they run.
  let xattrs: Xattrs | undefined;
  for (const key of asked.keys()) {
    if (ourKeys.has(key) || knownAnswer(brick, key, asked, gfid) !== undefined) continue;
    xattrs ??= brick.tree.listXattrs(gfid);
    const xattr = xattrs.get(key);
    if (xattr !== undefined) answers.set(key, bytesValue(xattr));
  }
  if (asked.has("list-xattr")) {
    xattrs ??= brick.tree.listXattrs(gfid);
    for (const [name, value] of xattrs) answers.set(name, bytesValue(value));
  }
  return answers;
}

/** As {@link answerKeys}, but only what the brick knows by itself: no xattrs. */
export function answerKnownKeys(brick: Brick, asked: Dict | null, { gfid }: Iatt): Dict | null {
  if (asked === null || asked.size === 0) return asked;
  const answers = new Map<string, DictValue>();
  for (const key of asked.keys()) {
    if (ourKeys.has(key)) continue;
    const known = knownAnswer(brick, key, asked, gfid);
    if (known !== undefined) answers.set(known.key, known.value);
  }
  return answers;
}

/** As {@link answerKeys}, and the content of a small file when it is asked for: LOOKUP, STAT and READDIRP send it. */
export function answerKeysAndContent(
  brick: Brick,
  asked: Dict | null,
  stat: Iatt,
): Dict | null | Promise<Dict | null> {
  const answers = answerKeys(brick, asked, stat);
  if (asked === null || answers === null || !asked.has(CONTENT_KEY)) return answers;
  return withContent(brick, asked, stat, new Map(answers));
}

function knownAnswer(
  brick: Brick,
  key: string,
  asked: Dict,
  gfid: Gfid,
): { readonly key: string; readonly value: DictValue } | undefined {
  const { locks, gate } = brick;
  switch (key) {
    case "glusterfs.open-fd-count":
    case "glusterfs.open-active-fd-count":
      return { key, value: uintValue(gate.inodes.openCount(gfid)) };
    case "glusterfs.inodelk-count":
      return { key, value: intValue(locks.inode.heldCount(gfid)) };
    case "glusterfs.entrylk-count":
    case "glusterfs.parent-entrylk":
      return { key, value: intValue(locks.entry.heldCount(gfid)) };
    case "glusterfs.inodelk-dom-count":
      return {
        key: "glusterfs.inodelk-count",
        value: intValue(locks.inode.heldCount(gfid, dictText(asked, key) ?? "")),
      };
    case "link-count":
      return { key, value: intValue(0) };
    case "trusted.gfid":
      return { key, value: bytesValue(gfidToBytes(gfid)) };
    default:
      if (!key.startsWith(inodelkPrefix)) return undefined;
      return { key, value: intValue(locks.inode.heldCount(gfid, key.slice(inodelkPrefix.length))) };
  }
}

/** `answers` and the content that was asked for: only when the whole of it was there when the attributes were taken. */
export async function withContent(
  brick: Brick,
  asked: Dict,
  stat: Iatt,
  answers: Map<string, DictValue>,
): Promise<Dict> {
  const askedBytes = dictNumber(asked, CONTENT_KEY) ?? 0;
  const bytesMax = Math.min(askedBytes, brick.options.contentBytesMax);
  const isRegular = (stat.mode & FileType.mask) === FileType.regular;
  if (!isRegular || stat.size > bytesMax || brick.tree.linkto(stat.gfid) !== undefined) return answers;
  const { bytes } = await brick.tree.read(stat.gfid, 0, new Uint8Array(stat.size));
  if (bytes.length === stat.size) answers.set(CONTENT_KEY, bytesValue(bytes));
  return answers;
}
