import { describe, expect, it } from "vitest";
import {
  bytesValue,
  decodeExtents,
  decodeLinks,
  decodeTargets,
  decodeXattrs,
  type Dict,
  encodeExtents,
  encodeLinks,
  encodeTargets,
  encodeXattrs,
  type Epoch,
  getRecallDeadlineMs,
  getXdata,
  type Gfid,
  intValue,
  iattValue,
  type LeaseId,
  NO_IATT,
  oldDictOf,
  recallXdata,
  textValue,
  uintValue,
  XDATA,
  xdataOf,
  type XdataName,
  type XdataValues,
} from "../src/index.js";
import {
  gfidSchema,
  epochSchema,
  leaseIdSchema,
  nameSchema,
  xattrNameSchema,
  xdataSchemas,
} from "../src/schemas.js";
import { refusalOf } from "./support/refusal.js";
import { fromHex, toHex } from "./support/vectors.js";

const gfid = "46da5f7a-2d60-4b5b-88d1-98375e7e3208" as Gfid;
const values: XdataValues = {
  leaseId: "4c4541534549442d3030303030303100" as LeaseId,
  leaseScope: "data",
  leaseEpoch: ((3n << 32n) | 7n) as Epoch,
  fence: 9n as Epoch,
  source: gfid,
  madeUnder: 8n as Epoch,
  dirtySince: 0n as Epoch,
  dirtyExtents: [
    { offset: 0, length: 4_096 },
    { offset: 2 ** 40, length: 1 },
  ],
  locks: 3,
  leaseState: "revoked",
  linkto: "brick-b1",
  migration: "prepare",
  attributes: { ...NO_IATT, size: 5 },
  links: [
    { pargfid: gfid, bname: "ä" },
    { pargfid: gfid, bname: "\udcff" },
  ],
  xattrs: new Map([
    ["user.ä\udcff", Uint8Array.of(0, 255)],
    ["trusted.empty", new Uint8Array(0)],
  ]),
  targets: [
    { gfid, source: gfid, fence: 9n as Epoch, madeUnder: 8n as Epoch, phase: "filling" },
    { gfid, source: gfid, fence: (2n ** 63n) as Epoch, madeUnder: 0n as Epoch, phase: "prepared" },
  ],
  targetsAfter: gfid,
  commit: 9n as Epoch,
  commitOf: gfid,
  commitsSince: 0n as Epoch,
  published: 9n as Epoch,
};
const names = Object.keys(values) as XdataName[];
const only = (name: XdataName, value: ReturnType<typeof intValue>): Dict => new Map([[XDATA[name], value]]);

describe("what our peers tell each other", () => {
  it.each(names)("%s is read as it was said", (name) => {
    expect(getXdata(xdataOf({ [name]: values[name] }), name)).toEqual(values[name]);
  });

  it("is read all together, beside what others say", () => {
    const dict = xdataOf(values, new Map([["gfid-req", intValue(1)]]));
    expect(dict.size).toBe(names.length + 1);
    for (const name of names) expect(getXdata(dict, name)).toEqual(values[name]);
  });

  it("has the agreed kinds", () => {
    const kinds = [...xdataOf(values)].map(([key, value]) => `${key} ${value.type}`);
    expect(kinds).toEqual([
      "lease-id ptr",
      "brickshift.lease-scope str",
      "brickshift.lease-epoch uint",
      "brickshift.fence uint",
      "brickshift.source ptr",
      "brickshift.made-under uint",
      "brickshift.dirty-since uint",
      "brickshift.dirty-extents ptr",
      "brickshift.locks uint",
      "brickshift.lease-state str",
      "trusted.glusterfs.dht.linkto str",
      "brickshift.migration str",
      "brickshift.attributes iatt",
      "brickshift.links ptr",
      "brickshift.xattrs ptr",
      "brickshift.targets ptr",
      "brickshift.targets-after ptr",
      "brickshift.commit uint",
      "brickshift.commit-of ptr",
      "brickshift.commits-since uint",
      "brickshift.published uint",
    ]);
  });

  it("is not there when nobody said it", () => {
    for (const name of names) {
      expect(getXdata(null, name)).toBeUndefined();
      expect(getXdata(new Map(), name)).toBeUndefined();
    }
    const base = new Map([["k", intValue(1)]]);
    expect(xdataOf({}, base)).toEqual(base);
    expect(xdataOf({}, base)).not.toBe(base);
    expect(xdataOf({}, null)).toEqual(new Map());
  });

  it("can be that the extents are unknown", () => {
    const dict = xdataOf({ dirtyExtents: "unknown" });
    expect(dict.get(XDATA.dirtyExtents)).toEqual(textValue("unknown"));
    expect(getXdata(dict, "dirtyExtents")).toBe("unknown");
  });

  it("takes a lease-id of zeros for none, as stock clients send it", () => {
    expect(getXdata(only("leaseId", bytesValue(new Uint8Array(16))), "leaseId")).toBeUndefined();
  });

  it.each<[XdataName, ReturnType<typeof intValue>]>([
    ["leaseId", bytesValue(new Uint8Array(15))],
    ["leaseId", textValue("x")],
    ["leaseScope", textValue("everything")],
    ["leaseEpoch", textValue("7")],
    ["leaseEpoch", intValue(-1)],
    ["fence", bytesValue(new Uint8Array(8))],
    ["source", bytesValue(new Uint8Array(17))],
    ["dirtyExtents", textValue("some")],
    ["dirtyExtents", uintValue(1)],
    ["linkto", iattValue(NO_IATT)],
    ["migration", textValue("finish")],
    ["attributes", textValue("x")],
    ["links", iattValue(NO_IATT)],
    ["xattrs", iattValue(NO_IATT)],
    ["targets", iattValue(NO_IATT)],
    ["targetsAfter", uintValue(1)],
    ["commit", textValue("7")],
    ["commitOf", bytesValue(new Uint8Array(15))],
  ])("refuses a %s of another kind", (name, value) => {
    expect(refusalOf(() => getXdata(only(name, value), name))).toBe("WIRE_DICT");
  });
});

describe("extents", () => {
  it("are offset and length in 64 bits each", () => {
    expect(toHex(encodeExtents([{ offset: 1, length: 2 }]))).toBe("00000000000000010000000000000002");
    expect(decodeExtents(new Uint8Array(0))).toEqual([]);
  });

  it("that are cut off, or beyond 2^53, are refused", () => {
    expect(refusalOf(() => decodeExtents(new Uint8Array(24)))).toBe("WIRE_LENGTH");
    expect(refusalOf(() => decodeExtents(new Uint8Array(16).fill(0xff)))).toBe("WIRE_NUMBER_RANGE");
    expect(refusalOf(() => encodeExtents([{ offset: -1, length: 1 }]))).toBe("WIRE_VALUE");
  });
});

describe("targets", () => {
  it("are 52 bytes each", () => {
    const target = {
      gfid,
      source: gfid,
      fence: 2n as Epoch,
      madeUnder: 1n as Epoch,
      phase: "prepared",
    } as const;
    const id = gfid.replaceAll("-", "");
    expect(toHex(encodeTargets([target]))).toBe(`${id}${id}0000000000000002000000000000000100000001`);
    expect(decodeTargets(new Uint8Array(0))).toEqual([]);
  });

  it("that are cut off, or in a phase that there is not, are refused", () => {
    expect(refusalOf(() => decodeTargets(new Uint8Array(51)))).toBe("WIRE_LENGTH");
    expect(refusalOf(() => decodeTargets(new Uint8Array(52).fill(7)))).toBe("WIRE_NUMBER_RANGE");
  });
});

describe("links", () => {
  it("are parent, length and name without padding", () => {
    expect(toHex(encodeLinks([{ pargfid: gfid, bname: "a" }]))).toBe(`${gfid.replaceAll("-", "")}0000000161`);
  });

  it("that are cut off are refused", () => {
    const bytes = encodeLinks(values.links);
    expect(decodeLinks(bytes)).toEqual(values.links);
    expect(refusalOf(() => decodeLinks(bytes.subarray(0, -1)))).toBe("WIRE_TRUNCATED");
    expect(refusalOf(() => decodeLinks(fromHex(`${"00".repeat(16)}ffffffff`)))).toBe("WIRE_TRUNCATED");
  });
});

describe("xattrs", () => {
  it("are length and name, length and value, without padding", () => {
    expect(toHex(encodeXattrs(new Map([["a", Uint8Array.of(7)]])))).toBe("00000001610000000107");
    expect(decodeXattrs(new Uint8Array(0))).toEqual(new Map());
  });

  it("that are cut off are refused", () => {
    const bytes = encodeXattrs(new Map([["a", Uint8Array.of(7)]]));
    for (let length = 1; length < bytes.length; length += 1) {
      expect(refusalOf(() => decodeXattrs(bytes.subarray(0, length)))).toBe("WIRE_TRUNCATED");
    }
    expect(refusalOf(() => decodeXattrs(fromHex("ffffffff")))).toBe("WIRE_TRUNCATED");
  });

  it.each([
    ["an empty name", "0000000000000000"],
    ["a NUL in a name", "0000000361006200000000"],
    ["one name twice", "00000001610000000000000001610000000107"],
  ])("with %s are refused: no dictionary could hold them", (_what, hex) => {
    expect(refusalOf(() => decodeXattrs(fromHex(hex)))).toBe("WIRE_DICT");
  });
});

describe("the deadline of a recall", () => {
  it("is decimal text in an old dictionary, whole milliseconds and never negative", () => {
    expect(recallXdata(1_500.7)).toEqual(oldDictOf({ "brickshift.recall-deadline-ms": "1500" }));
    expect(getRecallDeadlineMs(recallXdata(60_000))).toBe(60_000);
    expect(getRecallDeadlineMs(recallXdata(-1))).toBe(0);
  });

  it("is not there when a stock brick recalls", () => {
    expect(getRecallDeadlineMs(null)).toBeUndefined();
    expect(getRecallDeadlineMs(new Map())).toBeUndefined();
  });

  it.each(["", "soon", "-1", "1e9", "9".repeat(16)])("is refused when it is %j", (text) => {
    expect(refusalOf(() => getRecallDeadlineMs(oldDictOf({ [XDATA.recallDeadlineMs]: text })))).toBe(
      "WIRE_DICT",
    );
  });
});

describe("the schemas", () => {
  it.each(Object.keys(xdataSchemas) as (keyof typeof xdataSchemas)[])("take a good %s", (name) => {
    expect(xdataSchemas[name].parse(values[name])).toEqual(values[name]);
  });

  it("make ids lower-case, as the wire has them", () => {
    expect(gfidSchema.parse(gfid.toUpperCase())).toBe(gfid);
    expect(leaseIdSchema.parse("AB".repeat(16))).toBe("ab".repeat(16));
  });

  it.each([
    ["a gfid", gfidSchema, "46da5f7a"],
    ["a lease-id", leaseIdSchema, "ab"],
    ["an epoch", epochSchema, -1n],
    ["an epoch", epochSchema, 1n << 64n],
    ["a name", nameSchema, ""],
    ["a name", nameSchema, ".."],
    ["a name", nameSchema, "a/b"],
    ["a name", nameSchema, "a\0"],
    ["the name of an xattr", xattrNameSchema, ""],
    ["the name of an xattr", xattrNameSchema, "user.\0"],
    ["xattrs", xdataSchemas.xattrs, new Map([["user.a", "text"]])],
    ["a scope", xdataSchemas.leaseScope, "all"],
    ["extents", xdataSchemas.dirtyExtents, [{ offset: -1, length: 1 }]],
  ])("refuse %s that is none", (_what, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});
