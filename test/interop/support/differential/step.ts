import type { FopName } from "@brickshift/wire";

/** A value of a request as a script writes it: `step-request.ts` tells what it stands for. */
export type Written = number | string | boolean | { readonly [key: string]: Written } | readonly Written[];

/**
 * One fop of a script. Scripts are data, so that they can be printed, cut shorter and run again in another directory:
 * `gfid`s are numbers of objects, 0 being the script's own directory, and fds are numbers of slots of the client.
 */
export interface Step {
  /** Which of the two clients makes it. */
  readonly client: 0 | 1;
  /** Which of its lock owners. */
  readonly owner: 0 | 1;
  readonly fop: FopName;
  readonly input: { readonly [field: string]: Written };
  /** Slot that keeps the fd of OPEN, CREATE and OPENDIR. */
  readonly slot?: number;
  /** READDIR and READDIRP go on until the end, this many bytes at a time. */
  readonly untilEnd?: true;
}

export type Script = readonly Step[];

/** A script as it is printed, one step a line. */
export function formatScript(script: Script): string {
  return `[\n${script.map((step) => `  ${JSON.stringify(step)}`).join(",\n")}\n]`;
}
