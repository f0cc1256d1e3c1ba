import type { AclEntry } from "./posix-acl.js";

/** The people of the cases. The things belong to `owner` and its group; `supplementary` is in that by its other groups. */
export const callers = {
  root: { pid: 100, uid: 0, gid: 0, groups: [] },
  owner: { pid: 100, uid: 1001, gid: 2001, groups: [] },
  "owner-alone": { pid: 100, uid: 1001, gid: 2003, groups: [2002] },
  member: { pid: 100, uid: 1002, gid: 2001, groups: [] },
  supplementary: { pid: 100, uid: 1003, gid: 2003, groups: [2002, 2001] },
  stranger: { pid: 100, uid: 1004, gid: 2004, groups: [2005] },
  nfs: { pid: 1, uid: 1004, gid: 2004, groups: [2005] },
  internal: { pid: -1, uid: 1004, gid: 2004, groups: [2005] },
  rebalance: { pid: -3, uid: 1004, gid: 2004, groups: [] },
} as const;

export type CallerName = keyof typeof callers;

/** What is there before a case. */
export interface Thing {
  readonly type: "file" | "directory" | "symlink" | "fifo";
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly access?: readonly AclEntry[];
  readonly inherited?: readonly AclEntry[];
}

/** One case: in a directory `parent` an `object`, and perhaps what is to be replaced, in it or in another. */
export interface CallerCase {
  readonly parent: Thing;
  readonly object?: Thing;
  readonly replaced?: Thing;
  /** A second directory, for RENAME and LINK. */
  readonly elsewhere?: Thing;
  readonly caller: CallerName;
  readonly act: ActName;
}

const objectActNames = [
  "look",
  "open",
  "truncate",
  "chmod",
  "chmod-setgid",
  "chown",
  "chgrp-own",
  "chgrp-other",
  "chown-same",
  "utimes",
  "utimes-now",
  "resize",
  "set-user",
  "set-trusted",
  "set-security",
  "set-acl",
  "remove-user",
  "remove-acl",
  "with-root-fd",
  "heal",
  "xattrop",
  "same-mode",
  "open-truncate",
  "append",
] as const;
const removingActNames = ["unlink", "rmdir", "rename", "link"] as const;
const makingActNames = ["create", "mkdir", "mknod", "symlink"] as const;
const otherActNames = ["make-existing", "names", "xdata-acl"] as const;
export type ObjectAct = (typeof objectActNames)[number];
export type NameAct =
  | (typeof removingActNames)[number]
  | (typeof makingActNames)[number]
  | (typeof otherActNames)[number];
export type ActName = ObjectAct | NameAct;

const names = Object.keys(callers) as CallerName[];
const OPEN: Thing = { type: "directory", mode: 0o777, uid: 1009, gid: 2009 };

const acls: readonly (readonly AclEntry[])[] = [
  [
    ["owner", 6],
    ["user", 7, 1004],
    ["group", 4],
    ["mask", 6],
    ["other", 0],
  ],
  [
    ["owner", 0],
    ["user", 0, 1004],
    ["group", 0],
    ["named-group", 6, 2005],
    ["named-group", 1, 2004],
    ["mask", 7],
    ["other", 7],
  ],
  [
    ["owner", 7],
    ["group", 0],
    ["named-group", 7, 2001],
    ["named-group", 4, 2003],
    ["mask", 3],
    ["other", 5],
  ],
  [
    ["owner", 7],
    ["user", 5, 1002],
    ["group", 7],
    ["named-group", 2, 2002],
    ["mask", 0],
    ["other", 7],
  ],
];

const inherited: readonly (readonly AclEntry[])[] = [
  [
    ["owner", 7],
    ["group", 5],
    ["other", 0],
  ],
  [
    ["owner", 6],
    ["user", 7, 1004],
    ["group", 7],
    ["mask", 5],
    ["other", 1],
  ],
];

/** What callers may do to an object in a directory that is open to all. */
function* objectCases(): Generator<CallerCase> {
  const modes = [0o000, 0o400, 0o200, 0o100, 0o070, 0o007, 0o755, 0o6777];
  const things: Thing[] = [];
  for (const type of ["file", "directory"] as const) {
    for (const mode of modes) things.push({ type, mode });
    for (const access of acls) things.push({ type, mode: 0o640, access });
  }
  things.push({ type: "symlink", mode: 0o777 }, { type: "fifo", mode: 0o600 });
  for (const object of things)
    for (const caller of names) for (const act of objectActNames) yield { parent: OPEN, object, caller, act };
}

/** What callers may do in directories to which not all may come. */
function* directoryCases(): Generator<CallerCase> {
  const parents: Thing[] = [];
  for (const uid of [1001, 1009]) {
    for (const mode of [0o755, 0o1777, 0o333, 0o222, 0o111, 0o070, 0o1070, 0o2777])
      parents.push({ type: "directory", mode, uid, gid: 2001 });
  }
  for (const access of acls) parents.push({ type: "directory", mode: 0o777, access });
  const objects: Thing[] = [
    { type: "file", mode: 0o644 },
    { type: "directory", mode: 0o755 },
    { type: "symlink", mode: 0o777, uid: 1004 },
  ];
  for (const parent of parents) {
    for (const caller of names) {
      for (const act of makingActNames) yield { parent, caller, act };
      for (const object of objects) {
        yield { parent, object, caller, act: "look" };
        for (const act of removingActNames) yield { parent, object, caller, act };
        yield { parent, object, caller, act: "make-existing" };
      }
      const [object] = objects as [Thing];
      for (const replacedUid of [1001, 1004])
        yield { parent, object, replaced: { ...object, uid: replacedUid }, caller, act: "rename" };
      for (const act of ["rename", "link"] as const) {
        yield { parent: OPEN, object, elsewhere: parent, caller, act };
        yield { parent, object, elsewhere: OPEN, caller, act };
        yield { parent: OPEN, object, elsewhere: parent, replaced: object, caller, act };
      }
    }
  }
}

/** Long names and targets. */
function* nameCases(): Generator<CallerCase> {
  const object: Thing = { type: "file", mode: 0o644 };
  for (const mode of [0o777, 0o755, 0o666])
    for (const caller of names) yield { parent: { ...OPEN, mode }, object, caller, act: "names" };
}

/** What new objects get of their directory's default ACL and set-group-id bit. */
function* inheritanceCases(): Generator<CallerCase> {
  for (const acl of inherited) {
    for (const mode of [0o777, 0o2777]) {
      for (const caller of ["root", "owner", "stranger"] as const)
        for (const act of [...makingActNames, "xdata-acl", "names"] as const)
          yield { parent: { type: "directory", mode, inherited: acl }, caller, act };
    }
  }
}

/** All cases, in their order. */
export function allCases(): readonly CallerCase[] {
  return [...objectCases(), ...directoryCases(), ...inheritanceCases(), ...nameCases()];
}
