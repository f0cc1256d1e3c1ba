import { readFileSync, writeFileSync } from "node:fs";
import { FOP_COMPOUND, FOP_NULL, fopByNumber, type LeaseScope } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import {
  type FopRelation,
  type Gate,
  gateOfLock,
  gateOfOpen,
  gateRows,
  leasesConflict,
  type LeaseType,
  verdict,
} from "../src/index.js";
import { conflictTableDoc } from "./conflict-table-doc.js";

const gates = Object.keys(gateRows) as Gate[];
const types = ["read", "read-write"] as const;
const relations = ["own", "other", "none", "internal"] as const;

/** The gates whose fops wait, sorted. */
function waiting(relation: FopRelation, type: LeaseType, scope: LeaseScope): Gate[] {
  return gates.filter((gate) => verdict(gate, relation, type, scope) === "wait").sort();
}

const stockModifies = [
  "discard",
  "fallocate",
  "flush",
  "fsetattr",
  "fsync",
  "ftruncate",
  "link",
  "lkForWrite",
  "openAndTruncate",
  "openForWrite",
  "setattr",
  "truncate",
  "write",
  "zerofill",
] as const;
const stockRemoves = ["rename", "unlink"] as const;
const stockReads = ["lk", "open", "read"] as const;
const housekeeping = [
  "entrylk",
  "fentrylk",
  "finodelk",
  "flush",
  "inodelk",
  "ipc",
  "lease",
  "null",
  "release",
  "releasedir",
  "statfs",
];
const dataModifies = [
  "compound",
  "copyFileRange",
  "create",
  "discard",
  "fallocate",
  "fremovexattr",
  "fsetattr",
  "fsetxattr",
  "ftruncate",
  "fxattrop",
  "icreate",
  "link",
  "mkdir",
  "mknod",
  "namelink",
  "openAndTruncate",
  "put",
  "removexattr",
  "rename",
  "rmdir",
  "setattr",
  "setxattr",
  "symlink",
  "truncate",
  "unlink",
  "write",
  "xattrop",
  "zerofill",
];

it("has a row for each of the 57 fops of the program, and for four forms of them", () => {
  const names: string[] = Array.from({ length: 57 }, (_, number) => {
    if (number === FOP_NULL) return "null";
    return number === FOP_COMPOUND ? "compound" : String(fopByNumber(number));
  });
  const forms = ["openForWrite", "openAndTruncate", "lkForWrite", "copyFileRangeSource"];
  expect([...gates].sort()).toEqual([...names, ...forms].sort());
  expect(new Set(gates).size).toBe(61);
});

describe("under scope open, as in stock Gluster", () => {
  it("blocks what changes the file for those with another lease-id", () => {
    expect(waiting("other", "read", "open")).toEqual([...stockModifies, ...stockRemoves].sort());
  });

  it("blocks all gated fops under a read-write lease, and those without a lease-id under any", () => {
    const gated = [...stockModifies, ...stockRemoves, ...stockReads].sort();
    expect(waiting("other", "read-write", "open")).toEqual(gated);
    expect(waiting("none", "read", "open")).toEqual(gated);
    expect(waiting("none", "read-write", "open")).toEqual(gated);
  });

  it("blocks nothing of the holder but UNLINK and RENAME", () => {
    for (const type of types) expect(waiting("own", type, "open")).toEqual(stockRemoves);
  });

  it("blocks nothing internal", () => {
    for (const type of types) expect(waiting("internal", type, "open")).toEqual([]);
  });
});

describe("under scope data", () => {
  it("never blocks the holder", () => {
    for (const type of types) expect(waiting("own", type, "data")).toEqual([]);
  });

  it("blocks exactly what changes data or metadata under a read lease, internal fops included", () => {
    for (const relation of ["other", "none", "internal"] as const) {
      expect(waiting(relation, "read", "data")).toEqual(dataModifies);
    }
  });

  it("blocks everything but housekeeping under a read-write lease", () => {
    const everythingElse = gates.filter((gate) => !housekeeping.includes(gate)).sort();
    expect(waiting("other", "read-write", "data")).toEqual(everythingElse);
    expect(waiting("none", "read-write", "data")).toEqual(everythingElse);
  });

  it("blocks internal fops that change something, and no others, under a read-write lease", () => {
    expect(waiting("internal", "read-write", "data")).toEqual(dataModifies);
  });

  it("never lets less wait for a read-write lease than for a read lease", () => {
    for (const scope of ["open", "data"] as const) {
      for (const relation of relations) {
        expect(waiting(relation, "read-write", scope)).toEqual(
          expect.arrayContaining(waiting(relation, "read", scope)),
        );
      }
    }
  });
});

it("shares read leases and nothing else", () => {
  expect(leasesConflict("read", "read")).toBe(false);
  expect(leasesConflict("read", "read-write")).toBe(true);
  expect(leasesConflict("read-write", "read")).toBe(true);
  expect(leasesConflict("read-write", "read-write")).toBe(true);
});

it("finds the row of an OPEN and of a LK", () => {
  expect([0, 1, 2, 0o1000, 0o1002, 0o4000, 0o102].map(gateOfOpen)).toEqual([
    "open",
    "openForWrite",
    "openForWrite",
    "openAndTruncate",
    "openAndTruncate",
    "open",
    "openForWrite",
  ]);
  expect([0, 1, 2].map(gateOfLock)).toEqual(["lk", "lkForWrite", "lk"]);
});

it("is shown in the README as it is; UPDATE_README=1 rewrites it", () => {
  const file = new URL("../README.md", import.meta.url);
  const readme = readFileSync(file, "utf8");
  const between = /(<!-- conflict table: generated -->\n\n)[^]*?(\n\n<!-- end -->)/;
  const generated = readme.replace(
    between,
    (_, start: string, end: string) => start + conflictTableDoc() + end,
  );
  if (process.env["UPDATE_README"] !== undefined) writeFileSync(file, generated);
  expect(readme).toMatch(between);
  expect(generated).toBe(readme);
});
