import { type FopName, LkCmd, LockType } from "@brickshift/wire";
import { isDeepStrictEqual } from "node:util";
import type { Deviation } from "./deviation.js";
import type { Outcome } from "./outcome.js";
import { refusals } from "./refusals.js";
import type { Step } from "./step.js";

const errnoOf = (outcome: Outcome) => outcome["errno"] as string | undefined;
const succeeds = (outcome: Outcome) => errnoOf(outcome) === undefined && outcome["thrown"] === undefined;
const isOneOf = (fops: readonly FopName[], { fop }: Step) => fops.includes(fop);
const isAnonymous = ({ input }: Step) => input["fd"] === -2 || input["fdIn"] === -2 || input["fdOut"] === -2;
const saysGone = (errno: string | undefined) => errno === "ESTALE" || errno === "ENOENT";
const asksFor = ({ input }: Step, key: string) => JSON.stringify(input["xdata"] ?? {}).includes(key);

/** Whether all that differs are these members of the reply. */
function differOnlyIn(members: readonly string[], ours: Outcome, stock: Outcome): boolean {
  const keys = new Set([...Object.keys(ours), ...Object.keys(stock)]);
  const differing = [...keys].filter((key) => !isDeepStrictEqual(ours[key], stock[key]));
  return succeeds(ours) && succeeds(stock) && differing.every((key) => members.includes(key));
}

/** Whether ours succeeds and the other refuses with one of these. */
function isOnlyOurs(errnos: readonly string[], ours: Outcome, stock: Outcome): boolean {
  return succeeds(ours) && errnos.includes(errnoOf(stock) ?? "");
}

interface Entry {
  readonly name: string;
  readonly dict: unknown;
  readonly stat: { readonly gfid: string };
}
const entriesOf = (outcome: Outcome) => outcome["entries"] as readonly Entry[];
const withoutDots = (outcome: Outcome) =>
  entriesOf(outcome).map((entry) =>
    entry.name === "." || entry.name === ".." ? { ...entry, dict: null } : entry,
  );
/** Entries without the attributes that the stock brick does not have. */
const withoutLost = (outcome: Outcome, stock: Outcome) =>
  entriesOf(outcome).map((entry, index) =>
    entriesOf(stock)[index]?.stat.gfid === "@none" ? { name: entry.name } : entry,
  );
const countOf = (outcome: Outcome) =>
  Number((outcome["xdata"] as { readonly [key: string]: unknown } | null)?.["glusterfs.open-fd-count"]);
const withoutDicts = (outcome: Outcome) => entriesOf(outcome).map((entry) => ({ ...entry, dict: null }));

/** Without the xattrs by which a 10.3 brick keeps its own records. */
const withoutOwnXattrs = (outcome: Outcome) =>
  Object.entries(outcome["dict"] ?? {}).filter(([name]) => !/^trusted\.(gfid2path\.|gfid$)/.test(name));
const withoutCounts = (outcome: Outcome) =>
  JSON.stringify(outcome).replaceAll(/"glusterfs.open-fd-count":"?\d+"?/g, "");
const withoutType = (outcome: Outcome) => ({ ...(outcome["flock"] as object), type: 0 });
const withoutRange = (outcome: Outcome) => ({ ...(outcome["flock"] as object), start: 0, len: 0 });

/** Whether one brick served an object without a name and the other did not. */
function isServed(step: Step, ours: Outcome, stock: Outcome): boolean {
  if (saysGone(errnoOf(ours)) && succeeds(stock)) return true;
  return isAnonymous(step) && isOnlyOurs(["ESTALE", "ENOENT", "EPERM"], ours, stock);
}

const readingTheGone: readonly FopName[] = [
  ...(["access", "stat", "fstat", "flush", "fsync", "fsyncdir", "seek", "rchecksum", "read"] as const),
  ...(["readdir", "readdirp", "readlink", "getxattr", "fgetxattr", "getactivelk"] as const),
];
const changingTheGone: readonly FopName[] = [
  ...(["open", "opendir", "setattr", "write", "copyFileRange"] as const),
  ...(["truncate", "ftruncate", "fallocate", "discard", "zerofill"] as const),
  ...(["setxattr", "removexattr", "xattrop", "fsetxattr", "fremovexattr", "fxattrop"] as const),
  ...(["lk", "entrylk", "fentrylk"] as const),
];

/** Every difference that is allowed; docs/deviations.md has the same list with what each brick does. The first that explains one counts. */
export const deviations: readonly Deviation[] = [
  {
    name: "gone-refused",
    explains: (_step, ours, stock, isGone) =>
      isGone && errnoOf(ours) !== undefined && errnoOf(stock) !== undefined,
  },
  ...refusals.map(({ name, fops, errnos, when }) => ({
    name,
    explains: (step: Step, ours: Outcome, stock: Outcome) =>
      isOneOf(fops, step) &&
      errnos.includes(`${errnoOf(ours)}/${errnoOf(stock)}`) &&
      (when === undefined || when(step)),
  })),
  {
    name: "refused-attributes",
    explains: ({ fop }, ours, stock) =>
      fop === "fsetxattr" && errnoOf(ours) !== undefined && errnoOf(ours) === errnoOf(stock),
  },
  {
    name: "copies-nothing",
    explains: ({ fop }, ours, stock) =>
      fop === "copyFileRange" &&
      ours["opRet"] === 0 &&
      isOnlyOurs(["errno 0", "EBADF", "EFBIG", "EINVAL", "EISDIR"], ours, stock),
  },
  {
    name: "gone-object",
    explains: (step, ours, stock, isGone) =>
      isGone && isOneOf(readingTheGone, step) && isServed(step, ours, stock),
  },
  {
    name: "gone-object-changed",
    explains: (step, ours, stock, isGone) =>
      isGone && isOneOf(changingTheGone, step) && isServed(step, ours, stock),
    parts: true,
  },
  {
    name: "lost-handle",
    explains: (step, _ours, stock, isGone) =>
      !isGone && isAnonymous(step) && ["ENOENT", "EPERM"].includes(errnoOf(stock) ?? ""),
    parts: true,
  },
  {
    name: "opened-directory",
    explains: ({ fop }, ours, stock) => fop === "open" && errnoOf(ours) === "EISDIR" && succeeds(stock),
    parts: true,
  },
  {
    name: "seek-in-directory",
    explains: ({ fop }, ours, stock) =>
      fop === "seek" &&
      errnoOf(ours) === "EISDIR" &&
      (succeeds(stock) || stock["thrown"] === "CLIENT_REPLY_INVALID"),
  },
  {
    name: "xattr-list",
    explains: ({ fop, input }, ours, stock) =>
      (fop === "getxattr" || fop === "fgetxattr") &&
      (input["name"] === "" || input["name"] === "trusted.gfid") &&
      differOnlyIn(["opRet", "dict"], ours, stock) &&
      isDeepStrictEqual(withoutOwnXattrs(ours), withoutOwnXattrs(stock)),
  },
  {
    name: "anonymous-counts",
    explains: (step, ours, stock) =>
      isAnonymous(step) &&
      asksFor(step, "open-fd-count") &&
      differOnlyIn(["xdata", "entries"], ours, stock) &&
      isDeepStrictEqual(withoutCounts(ours), withoutCounts(stock)),
  },
  {
    name: "dots",
    explains: ({ fop, input }, ours, stock) =>
      (fop === "lookup" &&
        (input["bname"] === "." || input["bname"] === "..") &&
        differOnlyIn(["xdata"], ours, stock)) ||
      (fop === "readdirp" &&
        differOnlyIn(["entries"], ours, stock) &&
        isDeepStrictEqual(withoutDots(ours), withoutDots(stock))),
  },
  {
    name: "lost-path",
    explains: ({ fop }, ours, stock) =>
      fop === "readdirp" &&
      differOnlyIn(["entries"], ours, stock) &&
      isDeepStrictEqual(withoutLost(ours, stock), withoutLost(stock, stock)),
  },
  {
    name: "late-count",
    explains: (step, ours, stock) =>
      asksFor(step, "open-fd-count") &&
      differOnlyIn(["xdata"], ours, stock) &&
      countOf(stock) > countOf(ours),
  },
  {
    name: "list-in-readdirp",
    explains: (step, ours, stock) =>
      step.fop === "readdirp" &&
      asksFor(step, "list-xattr") &&
      differOnlyIn(["entries"], ours, stock) &&
      isDeepStrictEqual(withoutDicts(ours), withoutDicts(stock)),
  },
  {
    name: "unlock-echo",
    explains: ({ fop, input }, ours, stock) =>
      fop === "lk" &&
      input["type"] === LockType.unlock &&
      differOnlyIn(["flock"], ours, stock) &&
      isDeepStrictEqual(withoutType(ours), withoutType(stock)),
  },
  {
    name: "adjacent-locks",
    explains: ({ fop, input }, ours, stock) =>
      fop === "lk" &&
      input["cmd"] === LkCmd.getlk &&
      differOnlyIn(["flock"], ours, stock) &&
      isDeepStrictEqual(withoutRange(ours), withoutRange(stock)),
  },
  {
    name: "stale-name",
    explains: ({ fop }, ours, stock) => fop === "link" && isOnlyOurs(["EEXIST"], ours, stock),
    parts: true,
  },
  {
    name: "holes",
    explains: ({ fop }, ours, stock) =>
      fop === "seek" &&
      (differOnlyIn(["offset"], ours, stock) ||
        isOnlyOurs(["ENXIO"], ours, stock) ||
        isOnlyOurs(["ENXIO"], stock, ours)),
  },
  {
    name: "long-lock-name",
    explains: ({ fop }, ours, stock) =>
      (fop === "entrylk" || fop === "fentrylk") && errnoOf(ours) === "ENAMETOOLONG" && succeeds(stock),
    parts: true,
  },
];
