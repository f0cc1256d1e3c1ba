/** From the one who connected to the one who listens, or the other way. */
export type Direction = "to-brick" | "to-client";

/** A record that did not survive decoding and encoding. */
export interface Mismatch {
  readonly direction: Direction;
  /** Program and procedure, as far as they could be told. */
  readonly what: string;
  /** What the decoder said, or where the bytes differ. */
  readonly reason: string;
  /** The record without its mark, as it came. */
  readonly hex: string;
}

/** How often a procedure was seen. */
export interface ProcedureCount {
  calls: number;
  replies: number;
  /** Of the replies, those that tell a failure, of the fop or of the call. */
  errors: number;
}

/** What a tap saw so far. */
export interface TapReport {
  readonly connections: number;
  readonly records: number;
  /** By program and procedure, such as `fop WRITE`. */
  readonly procedures: Readonly<Record<string, ProcedureCount>>;
  /** How often a form was seen: `auth glusterV3`, `dict str`, `old dict`, `payload fop READ`, … */
  readonly forms: Readonly<Record<string, number>>;
  /** The first of them, with all bytes. */
  readonly mismatches: readonly Mismatch[];
  readonly mismatchCount: number;
}
