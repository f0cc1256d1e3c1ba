/** A change to one file. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Text that the file has once. */
  readonly from: string;
  readonly to: string;
}

/** One safety rule, and how to take it away. */
export interface Mutant {
  /** What the code does no more. */
  readonly rule: string;
  readonly edits: readonly Edit[];
  /** Who must notice: one of the tests in these files or folders, or the first seeds of the simulation. */
  readonly tests: readonly string[] | "simulation";
}
