import { type CrashStep, stepBytes } from "./crash-log.js";

/** What a file of the child must be. */
export interface ModelFile {
  readonly gfid: string;
  readonly bytes: Uint8Array;
  /** Set by utimes and not overridden by a write since. */
  readonly mtimeNs: bigint | undefined;
  readonly isMoved: boolean;
}

/** The files of one worker by name, and the step that was not acknowledged when it was killed. */
export interface ModelWorker {
  readonly files: ReadonlyMap<string, ModelFile>;
  readonly open: CrashStep | undefined;
}

/** The files after a step. */
export function afterStep(
  files: ReadonlyMap<string, ModelFile>,
  step: CrashStep,
): ReadonlyMap<string, ModelFile> {
  const after = new Map(files);
  const file = files.get(step.name);
  if (step.type === "create") {
    return after.set(step.name, {
      gfid: step.gfid,
      bytes: new Uint8Array(0),
      mtimeNs: undefined,
      isMoved: false,
    });
  }
  if (file === undefined) throw new Error(`the child used ${step.name}, which is not there`);
  switch (step.type) {
    case "write":
      return after.set(step.name, { ...file, bytes: written(file.bytes, step), mtimeNs: undefined });
    case "truncate":
      return after.set(step.name, { ...file, bytes: resized(file.bytes, step.size), mtimeNs: undefined });
    case "utimes":
      return after.set(step.name, { ...file, mtimeNs: BigInt(step.mtimeNs) });
    case "rename":
      after.delete(step.name);
      return after.set(step.to, file);
    case "unlink":
    case "hold-unlink":
      after.delete(step.name);
      return after;
    case "fsync":
      return after;
    case "move":
      return after.set(step.name, { ...file, bytes: new Uint8Array(0), mtimeNs: undefined, isMoved: true });
  }
}

function written(bytes: Uint8Array, step: CrashStep & { type: "write" }): Uint8Array {
  const after = resized(bytes, Math.max(bytes.length, step.offset + step.length));
  after.set(stepBytes(step.length, step.seed), step.offset);
  return after;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const after = new Uint8Array(size);
  after.set(bytes.subarray(0, size));
  return after;
}
