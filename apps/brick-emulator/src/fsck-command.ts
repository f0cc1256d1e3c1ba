import { ExitCode } from "./exit-code.js";
import { fsck } from "@brickshift/brick/fsck";

/** Options of `fsck`, as commander gives them. */
export interface FsckOptionValues {
  readonly repair?: true;
  readonly json?: true;
}
export async function fsckCommand(directory: string, values: FsckOptionValues): Promise<number> {
  void fsck; void directory; void values;
  return ExitCode.done;
}
