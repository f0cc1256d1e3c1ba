/** One translator of a graph: a section of a volfile. */
export interface VolfileSection {
  readonly name: string;
  /** `CATEGORY/NAME`, such as `protocol/client`. */
  readonly type: string;
  /** In the order of the text. */
  readonly options: ReadonlyMap<string, string>;
  /** Names of the sections below it, each defined earlier. */
  readonly subvolumes: readonly string[];
}

/** A graph of translators, bottom first: the last section is its top. */
export type Volfile = readonly VolfileSection[];

/** Longest text of a volfile that is read or written, in bytes: a volume of 1,024 bricks needs less than half of it. */
export const VOLFILE_BYTES_MAX = 1_048_576;
/** Most sections of a volfile. */
export const VOLFILE_SECTIONS_MAX = 16_384;
