import {
  type Direntp,
  dictNumber,
  DirentType,
  EMPTY_DICT,
  Errno,
  FileType,
  type FopReply,
  type FopRequest,
  type Gfid,
  nameByteLength,
  NO_IATT,
  NULL_GFID,
} from "@brickshift/wire";
import { Want } from "../access/permission.js";
import { BrickError } from "../brick-error.js";
import type { DirectoryEntry } from "../tree/tree.js";
import { answerKeysAndContent, answerKnownKeys } from "./asked-keys.js";
import type { FopCall } from "./fop-call.js";
import { objectOf } from "./fop-file.js";
import type { FopSpec, FopTarget } from "./fop-spec.js";
import { need } from "./permission.js";

/** What a stock brick charges for an entry beside its name: the size of its in-memory form. */
const ENTRY_BYTES = 312;
/** Least room of one entry in a READDIRP reply: attributes, name and dictionary. */
const WIRE_ENTRY_BYTES = 200;

/** READDIR: names from the cookie `offset` on, as many as the client's buffer of `size` bytes holds. */
export const readdir: FopSpec<"readdir"> = {
  targets: (fop, request) => [{ gfid: objectOf(fop, request), gate: "readdir" }],
  permit: (fop, _request, targets) => needRead(fop, targets),
  handle(fop, request) {
    const { entries, atEnd } = page(fop, request, false);
    const names = entries.map(({ ino, cookie, type, name }) => ({ ino, offset: cookie, type, name }));
    return { opRet: names.length, opErrno: atEnd ? Errno.ENOENT : 0, xdata: null, entries: names };
  },
};

/** READDIRP: with attributes and what xdata asks for of each entry. */
export const readdirp: FopSpec<"readdirp"> = {
  targets: (fop, request) => [{ gfid: objectOf(fop, request), gate: "readdirp" }],
  permit: (fop, _request, targets) => needRead(fop, targets),
  async handle(fop, request): Promise<FopReply<"readdirp">> {
    const skipsDirectories = (dictNumber(request.xdata, "readdir-filter-directories") ?? 0) !== 0;
    const { entries: found, atEnd } = page(fop, request, skipsDirectories);
    const entries: Direntp[] = [];
    let bytes = 0;
    for (const entry of found) {
      const answered = await withAnswers(fop, entry);
      bytes += answered.bytes;
      // What does not fit comes with the next call, which goes on after the last entry given.
      if (entries.length > 0 && bytes > fop.brick.options.readdirBytesMax) {
        return { opRet: entries.length, opErrno: 0, xdata: null, entries };
      }
      entries.push(answered.entry);
    }
    return { opRet: entries.length, opErrno: atEnd ? Errno.ENOENT : 0, xdata: null, entries };
  },
};

/** The fd alone is not enough: its directory must be readable now. Source: measured on a 10.3 brick. */
function needRead(fop: FopCall, targets: readonly FopTarget[]): void {
  for (const { gfid } of targets) need(fop, gfid, Want.read);
}

function page(fop: FopCall, request: FopRequest<"readdir">, skipsDirectories: boolean) {
  const { tree, options } = fop.brick;
  const gfid = objectOf(fop, request);
  if (tree.type(gfid) !== FileType.directory) {
    throw new BrickError("BRICK_ARGUMENT", "no directory to read");
  }
  // Source: measured, as on Linux a directory that was removed has not even dot and dot-dot.
  if (!tree.isLinked(gfid)) return { entries: [], atEnd: true };
  const sizeMax = Math.min(request.size, options.readdirBytesMax);
  const entriesMax = Math.max(1, Math.ceil(sizeMax / ENTRY_BYTES));
  const entries: DirectoryEntry[] = [];
  let cookie = request.offset;
  let bytes = 0;
  for (;;) {
    const found = tree.readdir(gfid, cookie, entriesMax);
    for (const entry of found.entries) {
      cookie = entry.cookie;
      if (skipsDirectories && entry.type === DirentType.directory) continue;
      bytes += ENTRY_BYTES + nameByteLength(entry.name) + 1;
      if (entries.length > 0 && bytes > sizeMax) return { entries, atEnd: false };
      entries.push(entry);
    }
    if (found.atEnd || entries.length > 0) return { entries, atEnd: found.atEnd };
  }
}

async function withAnswers(fop: FopCall, entry: DirectoryEntry) {
  const { tree } = fop.brick;
  const { ino, cookie, type, name, gfid } = entry;
  const base = { ino, offset: cookie, type, name };
  if (!isThere(fop, gfid)) {
    return { entry: { ...base, stat: NO_IATT, dict: EMPTY_DICT }, bytes: WIRE_ENTRY_BYTES };
  }
  fop.brick.upcalls?.accessed(gfid, fop.client);
  const stat = tree.stat(gfid);
  // Source: measured, the entries of the directory itself and of its parent come without xattrs, unless all are asked for.
  const isBare = (name === "." || name === "..") && fop.xdata?.has("list-xattr") !== true;
  const answer = isBare ? answerKnownKeys : answerKeysAndContent;
  const dict = (await answer(fop.brick, fop.xdata, stat)) ?? EMPTY_DICT;
  return { entry: { ...base, stat, dict }, bytes: WIRE_ENTRY_BYTES + name.length + dictBytesOf(dict) };
}

/** While the contents of others were read an entry may have gone; the parent of the root was never there. */
function isThere(fop: FopCall, gfid: Gfid): boolean {
  return gfid !== NULL_GFID && fop.brick.tree.isLinked(gfid);
}

function dictBytesOf(dict: NonNullable<Direntp["dict"]>): number {
  let bytes = 0;
  for (const [key, pair] of dict) {
    bytes += key.length + 16 + (pair.value instanceof Uint8Array ? pair.value.length : 8);
  }
  return bytes;
}
