import { WireError } from "./errors.js";
import type { Epoch, Gfid } from "./ids.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** A migration target, as the brick that holds it tells of it. */
export interface HeldTarget {
  readonly gfid: Gfid;
  /** Identity of the brick that it is filled from. */
  readonly source: Gfid;
  /** The highest fence that was seen. */
  readonly fence: Epoch;
  /** The fence under which it was made or emptied. */
  readonly madeUnder: Epoch;
  readonly phase: "filling" | "prepared";
}

const targetBytes = 52;
const phases = ["filling", "prepared"] as const;

/** 52 bytes for each: gfid, source, fence and the fence that it was made under in 64 bits each, phase in 32. */
export function encodeTargets(targets: readonly HeldTarget[]): Uint8Array {
  const writer = new XdrWriter(targets.length * targetBytes);
  for (const { gfid, source, fence, madeUnder, phase } of targets) {
    writer.gfid(gfid);
    writer.gfid(source);
    writer.u64(fence);
    writer.u64(madeUnder);
    writer.u32(phases.indexOf(phase));
  }
  return writer.finish()[0] as Uint8Array;
}

/** @throws {@link WireError} `WIRE_LENGTH` for a part of one, `WIRE_NUMBER_RANGE` for a phase that there is not. */
export function decodeTargets(bytes: Uint8Array): readonly HeldTarget[] {
  if (bytes.length % targetBytes !== 0) {
    throw new WireError("WIRE_LENGTH", `a migration target is ${targetBytes} bytes`);
  }
  const reader = new XdrReader(bytes);
  const targets: HeldTarget[] = [];
  while (reader.remaining > 0) {
    const [gfid, source] = [reader.gfid(), reader.gfid()];
    const [fence, madeUnder] = [reader.u64() as Epoch, reader.u64() as Epoch];
    const phase = phases[reader.u32()];
    if (phase === undefined) throw new WireError("WIRE_NUMBER_RANGE", "a migration target has another phase");
    targets.push({ gfid, source, fence, madeUnder, phase });
  }
  return targets;
}
