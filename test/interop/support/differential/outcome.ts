import { createHash } from "node:crypto";
import { errnoName, FileType, NULL_GFID, ROOT_GFID } from "@brickshift/wire";

/** What a fop did, in a form that two bricks can be compared by and that prints. */
export type Outcome = { readonly [field: string]: unknown };

/** Members of attributes that belong to the machine: times, inode numbers, devices, and how a file system counts room. */
const ownIattMembers = /^(ino|dev|blocks|blksize|.?time|.?timeNsec)$/;
/** And how large a directory is that was removed. */
const ownRemovedMembers = new RegExp(`${ownIattMembers.source}|^size$`);
const ownEntryMembers = new Set(["ino", "offset"]);

/** A reply without what no two bricks have in common. */
export function outcomeOf(fop: string, reply: object, run: number): Outcome {
  const { opErrno, ...rest } = reply as { readonly opErrno: number };
  const plain = plainOf(rest, run) as Record<string, unknown>;
  if ("locks" in plain) {
    plain["locks"] = normalized(plain["locks"] as Lock[]).map(withoutWhence);
    delete plain["opRet"];
  }
  if ("fd" in plain) plain["fd"] = "opened";
  if ("statfs" in plain) plain["statfs"] = Object.keys(plain["statfs"] as object).toSorted();
  // Only here a success has an errno that means something.
  return fop === "read" ? { ...plain, opErrno: errnoName(opErrno) } : plain;
}

interface Lock {
  readonly flock: {
    readonly start: string;
    readonly len: string;
    readonly type: number;
    readonly lkOwner: string;
  };
  readonly clientUid: string;
}

/** The bytes that each holder has locked, in order: in how many locks it has them is each brick's own affair. */
function normalized(locks: readonly Lock[]): readonly Lock[] {
  const sorted = locks.toSorted(
    (one, other) =>
      holderOf(one).localeCompare(holderOf(other)) || Number(one.flock.start) - Number(other.flock.start),
  );
  const merged: Lock[] = [];
  for (const lock of sorted) {
    const last = merged.at(-1);
    const isJoined =
      last !== undefined && holderOf(last) === holderOf(lock) && Number(lock.flock.start) <= endOf(last);
    if (!isJoined) merged.push(lock);
    else merged[merged.length - 1] = { ...last, flock: { ...last.flock, len: lengthOfBoth(last, lock) } };
  }
  return merged;
}

const holderOf = ({ flock, clientUid }: Lock) => `${clientUid} ${flock.lkOwner} ${flock.type}`;
/** A length of 0 means to the end. */
const endOf = ({ flock: { start, len } }: Lock) => (len === "0" ? Infinity : Number(start) + Number(len));

function lengthOfBoth(one: Lock, other: Lock): string {
  const end = Math.max(endOf(one), endOf(other));
  return end === Infinity ? "0" : String(end - Number(one.flock.start));
}

/** Of a lock that is held a 10.3 brick sends as `whence` whatever is in memory there. */
function withoutWhence(lock: Lock): object {
  return { ...lock, flock: { ...lock.flock, whence: undefined } };
}

/** The outcome of a fop that failed. */
export function failedOutcome(errno: number, xdata: unknown, run: number): Outcome {
  const plain = plainOf(xdata, run);
  return { errno: errnoName(errno), ...(plain === null ? {} : { xdata: plain }) };
}

/** Any value of a reply in plain form: bytes as hex or as their hash, gfids as the script's numbers. */
export function plainOf(value: unknown, run: number): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return plainGfid(value, run);
  if (value instanceof Uint8Array) return plainBytes(value, run);
  if (Array.isArray(value)) return value.map((item) => plainOf(item, run));
  if (value instanceof Map) {
    // An empty dictionary and none say the same.
    if (value.size === 0) return null;
    const pairs = [...(value as Map<string, { value: unknown }>)].map(
      ([key, pair]) => [key, plainOf(pair.value, run)] as const,
    );
    return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (typeof value !== "object" || value === null) return value;
  const isIatt = "blksize" in value;
  const ownMembers = isRemovedDirectory(value) ? ownRemovedMembers : ownIattMembers;
  const members = Object.entries(value).filter(
    ([key, member]) =>
      typeof member !== "function" &&
      !(isIatt && ownMembers.test(key)) &&
      !("name" in value && ownEntryMembers.has(key)),
  );
  return Object.fromEntries(members.map(([key, member]) => [key, plainOf(member, run)]));
}

function isRemovedDirectory(value: object): boolean {
  const { nlink, mode } = value as { readonly nlink?: number; readonly mode?: number };
  return nlink === 0 && ((mode ?? 0) & FileType.mask) === FileType.directory;
}

function plainGfid(text: string, run: number): string {
  if (text === ROOT_GFID) return "@root";
  if (text === NULL_GFID) return "@none";
  const match = /^([0-9a-f]{8})-d1ff-4000-8000-([0-9a-f]{12})$/.exec(text);
  if (match !== null && parseInt(match[1] as string, 16) === run)
    return `@${parseInt(match[2] as string, 16)}`;
  // A client's identity: which of the two it is.
  return /PC_NAME:(client-\d)/.exec(text)?.[1] ?? text;
}

function plainBytes(bytes: Uint8Array, run: number): string {
  const hex = Buffer.from(bytes).toString("hex");
  const runHex = run.toString(16).padStart(8, "0");
  if (hex.length === 32 && hex.startsWith(`${runHex}d1ff40008000`)) return `@${parseInt(hex.slice(20), 16)}`;
  if (hex.length <= 80) return hex;
  return `${bytes.length} bytes, sha1 ${createHash("sha1").update(bytes).digest("hex").slice(0, 12)}`;
}
