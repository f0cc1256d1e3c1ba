/** One thing that the child does to a file of its own. */
export type CrashStep =
  | { readonly type: "create"; readonly name: string; readonly gfid: string }
  | {
      readonly type: "write";
      readonly name: string;
      readonly offset: number;
      readonly length: number;
      readonly seed: number;
    }
  | { readonly type: "truncate"; readonly name: string; readonly size: number }
  | { readonly type: "utimes"; readonly name: string; readonly mtimeNs: string }
  | { readonly type: "rename"; readonly name: string; readonly to: string }
  | { readonly type: "unlink"; readonly name: string }
  | { readonly type: "hold-unlink"; readonly name: string }
  | { readonly type: "fsync"; readonly name: string }
  | { readonly type: "move"; readonly name: string };

/** A line of the child's output: a step that begins, or one that was acknowledged. */
export type CrashLine =
  | { readonly worker: string; readonly begin: CrashStep }
  | { readonly worker: string; readonly done: true };

/** Bytes that a write of the child writes. */
export function stepBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((index * 13 + seed) % 251) + 1);
}
