import { WireError } from "./errors.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** How one kind of value is laid out: bytes to value, value to bytes, and its "nothing". */
export interface Codec<T> {
  /** Reads one value. @throws {@link WireError} for anything but a well-formed one. */
  read(reader: XdrReader): T;
  /** Writes one value. @throws {@link WireError} `WIRE_VALUE` when it does not fit. */
  write(writer: XdrWriter, value: T): void;
  /** What stands in this place of a failed reply: zero, empty or none. */
  readonly zero: T;
}

/** The values a codec reads and writes. */
export type CodecValue<C> = C extends Codec<infer T> ? T : never;

/** Codecs by field name, in wire order. */
export type Fields = Readonly<Record<string, Codec<unknown>>>;

/** The object that {@link struct} makes of `F`. */
export type StructValue<F extends Fields> = { readonly [K in keyof F]: CodecValue<F[K]> };

/** Fields one after the other, in the order in which they are written down. */
export function struct<const F extends Fields>(fields: F): Codec<StructValue<F>> {
  const names = Object.keys(fields);
  const codecs = Object.values(fields);
  const zero: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) zero[name] = (codecs[index] as Codec<unknown>).zero;
  return {
    read(reader) {
      const value: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index += 1) {
        value[names[index] as string] = (codecs[index] as Codec<unknown>).read(reader);
      }
      return value as StructValue<F>;
    },
    write(writer, value) {
      const record = value as Readonly<Record<string, unknown>>;
      for (let index = 0; index < names.length; index += 1) {
        (codecs[index] as Codec<unknown>).write(writer, record[names[index] as string]);
      }
    },
    zero: Object.freeze(zero) as StructValue<F>,
  };
}

/**
 * A struct that ends in a payload, whose length must be its `size`.
 * @throws {@link WireError} `WIRE_LENGTH` when reading, `WIRE_VALUE` when writing, if they differ.
 */
export function payloadStruct<
  const F extends Fields & { readonly size: Codec<number>; readonly payload: Codec<Uint8Array> },
>(fields: F): Codec<StructValue<F>> {
  const whole = struct(fields);
  const part = (value: StructValue<F>) => value as unknown as { size: number; payload: Uint8Array };
  return {
    read(reader) {
      const value = whole.read(reader);
      const { size, payload } = part(value);
      if (size !== payload.length) {
        throw new WireError("WIRE_LENGTH", `size is ${size}, the payload has ${payload.length} bytes`);
      }
      return value;
    },
    write(writer, value) {
      const { size, payload } = part(value);
      if (size !== payload.length) {
        throw new WireError("WIRE_VALUE", `size is ${size}, the payload has ${payload.length} bytes`);
      }
      whole.write(writer, value);
    },
    zero: whole.zero,
  };
}

/**
 * An XDR linked list: a one before each element, a zero at the end. Bounded by the bytes that are there, as
 * every element takes some.
 * @throws {@link WireError} `WIRE_LIST` when a flag is neither.
 */
export function linkedList<T>(element: Codec<T>): Codec<readonly T[]> {
  return {
    read(reader) {
      const values: T[] = [];
      for (;;) {
        const more = reader.u32();
        if (more === 0) return values;
        if (more !== 1)
          throw new WireError("WIRE_LIST", `${more} where 1 or 0 says whether an element follows`);
        values.push(element.read(reader));
      }
    },
    write(writer, values) {
      for (const value of values) {
        writer.u32(1);
        element.write(writer, value);
      }
      writer.u32(0);
    },
    zero: [],
  };
}

/**
 * Reads a whole message body.
 * @param body stays the caller's; only a payload in the result is a view of it.
 * @throws {@link WireError} `WIRE_TRAILING_BYTES` and whatever the codec refuses.
 */
export function decodeBody<T>(codec: Codec<T>, body: Uint8Array): T {
  const reader = new XdrReader(body);
  const value = codec.read(reader);
  reader.end();
  return value;
}

/**
 * Writes a whole message body.
 * @returns one chunk, and a second one when there is a payload: the very bytes of the value, not a copy.
 * @throws {@link WireError} `WIRE_VALUE`.
 */
export function encodeBody<T>(codec: Codec<T>, value: T): readonly Uint8Array[] {
  const writer = new XdrWriter();
  codec.write(writer, value);
  return writer.finish();
}
