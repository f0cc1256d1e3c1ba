/** One search: a model, its bounds, and the rules that are taken away. */
export interface ModelCase {
  /** Name of the model's file, without its ending. */
  readonly model: "copy" | "flip" | "runners" | "source" | "seed";
  /** What is searched, or what is wrong, in a few words. */
  readonly title: string;
  /** Rules that are taken away, or put in: macros of the model. */
  readonly rules?: readonly string[];
  /** Bounds other than those that the model names. */
  readonly bounds?: Readonly<Record<string, number>>;
  /** `holds`: no claim can be broken. `breaks`: one can, and the shortest way to it is kept. */
  readonly verdict: "holds" | "breaks";
  /** For one that breaks, the claim that does, as the model words it. */
  readonly claim?: string;
  /** What a reader should know, a sentence or two. */
  readonly about: string;
  /** Search with this many bits of hash table, as a power of two, instead of exhaustively. */
  readonly bits?: number;
  /** Run by hand only, with `BRICKSHIFT_MODEL=large`. */
  readonly isLarge?: boolean;
}

/** The macros of a case, as the checker takes them. */
export function macrosOf({ rules = [], bounds = {} }: ModelCase): readonly string[] {
  return [
    ...rules.map((rule) => `-D${rule}`),
    ...Object.entries(bounds).map(([bound, value]) => `-D${bound}=${value}`),
  ];
}
