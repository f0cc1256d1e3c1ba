import { type Codec, type CodecValue, type Fields, struct, type StructValue } from "./codec.js";

/** One procedure of a program: its number and how its arguments and results are laid out. */
export interface Procedure<Request, Reply> {
  readonly number: number;
  /** As GlusterFS calls it, in capitals. */
  readonly name: string;
  readonly request: Codec<Request>;
  readonly reply: Codec<Reply>;
}

/** What a procedure takes. */
export type RequestOf<P extends Procedure<unknown, unknown>> = CodecValue<P["request"]>;

/** What a procedure gives. */
export type ReplyOf<P extends Procedure<unknown, unknown>> = CodecValue<P["reply"]>;

/** A procedure whose arguments and results are plain structs. */
export function procedure<const Q extends Fields, const R extends Fields>(
  number: number,
  name: string,
  request: Q,
  reply: R,
): Procedure<StructValue<Q>, StructValue<R>> {
  return { number, name, request: struct(request), reply: struct(reply) };
}
