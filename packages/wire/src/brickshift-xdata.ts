import { type Dict, type DictValue, EMPTY_DICT } from "./dict.js";
import { bytesValue, dictBytes, dictText, iattValue, textValue, uintValue } from "./dict-values.js";
import { WireError } from "./errors.js";
import type { Iatt } from "./iatt.js";
import {
  type Epoch,
  type Gfid,
  gfidFromBytes,
  gfidToBytes,
  type LeaseId,
  leaseIdFromBytes,
  leaseIdToBytes,
} from "./ids.js";
import {
  decodeExtents,
  decodeLinks,
  encodeExtents,
  encodeLinks,
  type Extent,
  type ParentLink,
} from "./extents.js";
import { decodeTargets, encodeTargets, type HeldTarget } from "./migration-targets.js";
import { type OldDict, oldDictText, oldDictValue } from "./old-dict.js";
import { decodeXattrs, encodeXattrs } from "./xattrs.js";

/** The dictionary keys by which Brickshift's peers understand each other; stock peers ignore them. */
export const XDATA = {
  /** Identity of a lease, 16 bytes; also stock. */
  leaseId: "lease-id",
  /** What a lease covers: opens, as stock leases, or the data itself. */
  leaseScope: "brickshift.lease-scope",
  /** In a reply: the epoch of the grant. In a request: refuse unless this grant is still held. */
  leaseEpoch: "brickshift.lease-epoch",
  /** Writers of a migration target with a lower fence are refused. */
  fence: "brickshift.fence",
  /** Identity of the brick a migration target is filled from; with the fence it names who may write it. */
  source: "brickshift.source",
  /** With the step `prepare`: the fence under which the target was made or emptied; another target of that gfid is not meant. */
  madeUnder: "brickshift.made-under",
  /** Asks which extents were modified since this epoch. */
  dirtySince: "brickshift.dirty-since",
  /** Answers it. */
  dirtyExtents: "brickshift.dirty-extents",
  /** In the reply to a LEASE: how many POSIX locks clients have on the file; absent when there is none. */
  locks: "brickshift.locks",
  /** In RECALL_LEASE, an old dictionary: how long the holder has, in ms, decimal text. */
  recallDeadlineMs: "brickshift.recall-deadline-ms",
  /** Why a lease is not held any more. */
  leaseState: "brickshift.lease-state",
  /** Name of the brick that holds the data; also stock. */
  linkto: "trusted.glusterfs.dht.linkto",
  /** A step of a migration, as a key of SETXATTR. */
  migration: "brickshift.migration",
  /** The attributes a migration target is to have. In the reply to an exclusive LEASE: those of the content. */
  attributes: "brickshift.attributes",
  /** Name for GETXATTR: all parents and names of an inode. With an exclusive LEASE: asks for them, and answers it. */
  links: "brickshift.links",
  /** With an exclusive LEASE: asks for all xattrs of the inode, and answers it. */
  xattrs: "brickshift.xattrs",
  /** Name for GETXATTR: the migration targets of a brick, on its root; of any other object the one that it is. */
  targets: "brickshift.targets",
  /** With {@link XDATA.targets}: tell of those with a greater gfid only. */
  targetsAfter: "brickshift.targets-after",
  /** Name for GETXATTR on the root: what the brick knows of the commit that {@link XDATA.commitOf} asks about. */
  commit: "brickshift.commit",
  /** The inode whose commit is meant, which may be there no more. */
  commitOf: "brickshift.commit-of",
  /** In the answer about an inode without a known commit: those of lower epochs may have been forgotten. */
  commitsSince: "brickshift.commits-since",
  /** With an UNLOCK: what was committed under that epoch is published, so the commit need not be known any more. */
  published: "brickshift.published",
} as const;

/**
 * Asks LOOKUP, READDIRP, and an exclusive LEASE of scope `data`, for the content of a file that has at most so many bytes, a uint, and
 * answers it, as bytes. Source: stock, the translator quick-read.
 */
export const CONTENT_KEY = "glusterfs.content";

/** What a lease covers. */
export type LeaseScope = "open" | "data";
/** A step of a migration. */
export type MigrationStep = "target" | "prepare" | "publish" | "abort" | "commit";

/** The types of the values under {@link XDATA}'s keys of typed dictionaries. */
export interface XdataValues {
  readonly leaseId: LeaseId;
  readonly leaseScope: LeaseScope;
  readonly leaseEpoch: Epoch;
  readonly fence: Epoch;
  readonly source: Gfid;
  readonly madeUnder: Epoch;
  readonly dirtySince: Epoch;
  /** `unknown` when the brick did not track so far back: everything is to be copied. */
  readonly dirtyExtents: readonly Extent[] | "unknown";
  readonly locks: number;
  readonly leaseState: string;
  readonly linkto: string;
  readonly migration: MigrationStep;
  readonly attributes: Iatt;
  readonly links: readonly ParentLink[];
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly targets: readonly HeldTarget[];
  readonly targetsAfter: Gfid;
  /** The epoch of the lease that it was made under. */
  readonly commit: Epoch;
  readonly commitOf: Gfid;
  readonly commitsSince: Epoch;
  readonly published: Epoch;
}

/** A key of {@link XdataValues}. */
export type XdataName = keyof XdataValues;

interface XdataField<T> {
  encode(value: T): DictValue;
  /** `undefined` when the value is not of this kind. */
  decode(dict: Dict, key: string): T | undefined;
}

const epochField: XdataField<Epoch> = {
  encode: (value) => uintValue(value),
  decode(dict, key) {
    const pair = dict.get(key);
    if (pair?.type !== "uint" && pair?.type !== "int") return undefined;
    return pair.value < 0n ? undefined : (pair.value as Epoch);
  },
};

const countField: XdataField<number> = {
  encode: uintValue,
  decode(dict, key) {
    const pair = dict.get(key);
    if (pair?.type !== "uint" && pair?.type !== "int") return undefined;
    return pair.value < 0n || pair.value > 0xffff_ffffn ? undefined : Number(pair.value);
  },
};

const gfidField: XdataField<Gfid> = {
  encode: (value) => bytesValue(gfidToBytes(value)),
  decode: (dict, key) => sixteen(dict, key, gfidFromBytes),
};

const textField: XdataField<string> = { encode: textValue, decode: dictText };

const fields: { readonly [N in XdataName]: XdataField<XdataValues[N]> } = {
  leaseId: {
    encode: (value) => bytesValue(leaseIdToBytes(value)),
    decode: (dict, key) => sixteen(dict, key, leaseIdFromBytes),
  },
  leaseScope: oneOf("open", "data"),
  leaseEpoch: epochField,
  fence: epochField,
  madeUnder: epochField,
  source: gfidField,
  dirtySince: epochField,
  dirtyExtents: {
    encode: (value) => (value === "unknown" ? textValue(value) : bytesValue(encodeExtents(value))),
    decode(dict, key) {
      const pair = dict.get(key);
      if (pair?.type === "ptr") return decodeExtents(pair.value);
      return dictText(dict, key) === "unknown" ? "unknown" : undefined;
    },
  },
  locks: countField,
  leaseState: textField,
  linkto: textField,
  migration: oneOf("target", "prepare", "publish", "abort", "commit"),
  attributes: {
    encode: iattValue,
    decode(dict, key) {
      const pair = dict.get(key);
      return pair?.type === "iatt" ? pair.value : undefined;
    },
  },
  links: {
    encode: (value) => bytesValue(encodeLinks(value)),
    decode(dict, key) {
      const bytes = dictBytes(dict, key);
      return bytes === undefined ? undefined : decodeLinks(bytes);
    },
  },
  xattrs: {
    encode: (value) => bytesValue(encodeXattrs(value)),
    decode(dict, key) {
      const bytes = dictBytes(dict, key);
      return bytes === undefined ? undefined : decodeXattrs(bytes);
    },
  },
  targets: {
    encode: (value) => bytesValue(encodeTargets(value)),
    decode(dict, key) {
      const bytes = dictBytes(dict, key);
      return bytes === undefined ? undefined : decodeTargets(bytes);
    },
  },
  targetsAfter: gfidField,
  commit: epochField,
  commitOf: gfidField,
  commitsSince: epochField,
  published: epochField,
};

/**
 * The value under key `name`; `undefined` when it is not there, and for a lease-id of 16 zero bytes, by which
 * stock clients say that they have none.
 * @throws {@link WireError} `WIRE_DICT` when there is a value, but none of this key's kind.
 */
export function getXdata<N extends XdataName>(dict: Dict | null, name: N): XdataValues[N] | undefined {
  const key = XDATA[name];
  if (dict === null || !dict.has(key)) return undefined;
  const value = fields[name].decode(dict, key);
  if (value === undefined) throw new WireError("WIRE_DICT", `"${key}" has a value of another kind`);
  return name === "leaseId" && value === noLeaseId ? undefined : value;
}

/** A dictionary with `values` under their keys, added to those of `base`, which is not changed. */
export function xdataOf(values: Partial<XdataValues>, base: Dict | null = EMPTY_DICT): Dict {
  const dict = new Map(base);
  for (const name of Object.keys(values) as XdataName[]) setXdata(dict, name, values[name]);
  return dict;
}

/** How long the holder of a recalled lease has, in ms; `undefined` when a stock brick recalls. */
export function getRecallDeadlineMs(xdata: OldDict | null): number | undefined {
  const text = oldDictText(xdata, XDATA.recallDeadlineMs);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new WireError("WIRE_DICT", `"${XDATA.recallDeadlineMs}" is not a number`);
  return Number(text);
}

/** The dictionary of a RECALL_LEASE that says how long its holder has, in ms. */
export function recallXdata(recallDeadlineMs: number): OldDict {
  return new Map([[XDATA.recallDeadlineMs, oldDictValue(String(Math.max(0, Math.floor(recallDeadlineMs))))]]);
}

const noLeaseId = "00000000000000000000000000000000" as LeaseId;

function setXdata<N extends XdataName>(
  dict: Map<string, DictValue>,
  name: N,
  value: XdataValues[N] | undefined,
): void {
  if (value !== undefined) dict.set(XDATA[name], fields[name].encode(value));
}

function sixteen<T>(dict: Dict, key: string, from: (bytes: Uint8Array) => T): T | undefined {
  const bytes = dictBytes(dict, key);
  return bytes?.length === 16 ? from(bytes) : undefined;
}

function oneOf<const T extends string>(...texts: readonly T[]): XdataField<T> {
  return {
    encode: textValue,
    decode(dict, key) {
      const text = dictText(dict, key);
      return texts.find((known) => known === text);
    },
  };
}
