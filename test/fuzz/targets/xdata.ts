import { dict } from "../../../packages/wire/src/dict.js";
import {
  decodeBody,
  encodeBody,
  getXdata,
  type Dict,
  type DictValue,
  gfidValue,
  intValue,
  NO_IATT,
  ROOT_GFID,
  textValue,
  uintValue,
  XDATA,
  type XdataName,
  xdataOf,
  type Epoch,
  type LeaseId,
} from "@brickshift/wire";
import { refusedOr } from "../refusal.js";
import type { FuzzOutcome, FuzzTarget } from "../target.js";

const names = (Object.keys(XDATA) as (XdataName | "recallDeadlineMs")[]).filter(
  (name): name is XdataName => name !== "recallDeadlineMs",
);

/** The values under `brickshift.*` keys, of any type that a dictionary can hold. */
export const xdata: FuzzTarget = {
  name: "brickshift.* values",
  holds:
    "a value under one of our keys is what its name says, and is written again as it was read, or refused with WIRE_DICT",
  corpus: "packages/wire/test/corpus/xdata",
  words: Object.values(XDATA),
  seeds() {
    const full = xdataOf({
      leaseId: "0123456789abcdef0123456789abcdef" as LeaseId,
      leaseScope: "data",
      leaseEpoch: 7n as Epoch,
      fence: (2n ** 64n - 1n) as Epoch,
      source: ROOT_GFID,
      madeUnder: 0n as Epoch,
      dirtySince: 1n as Epoch,
      dirtyExtents: [{ offset: 0, length: 4_096 }],
      locks: 3,
      leaseState: "fenced",
      linkto: "b1",
      migration: "commit",
      attributes: NO_IATT,
      links: [{ pargfid: ROOT_GFID, bname: "a" }],
      xattrs: new Map([["user.a", Uint8Array.of(1, 2)]]),
    });
    const values: DictValue[] = [uintValue(1), intValue(-1), textValue("unknown"), gfidValue(ROOT_GFID)];
    const wrong = values.map((value): Dict => new Map(names.map((name) => [XDATA[name], value])));
    return [full, ...wrong].map((value) => Uint8Array.from(Buffer.concat([...encodeBody(dict, value)])));
  },
  run(bytes) {
    let values: Dict | null = null;
    const outcome = refusedOr(() => (values = decodeBody(dict, bytes)));
    if (outcome === "refused") return outcome;
    return names.map((name) => readOne(values, name)).includes("refused") ? "refused" : "accepted";
  },
};

function readOne(values: Dict | null, name: XdataName): FuzzOutcome {
  let value: unknown;
  const outcome = refusedOr(() => (value = getXdata(values, name)));
  if (value === undefined) return outcome;
  // What was understood is understood in the same way when it is passed on.
  const passedOn = Uint8Array.from(Buffer.concat([...encodeBody(dict, xdataOf({ [name]: value }))]));
  const again = getXdata(decodeBody(dict, passedOn), name);
  if (JSON.stringify(again, plain) !== JSON.stringify(value, plain)) {
    throw new Error(`${name} was ${JSON.stringify(value, plain)}, then ${JSON.stringify(again, plain)}`);
  }
  return outcome;
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return typeof value === "bigint" ? `${value}n` : value;
}
