import { errorCodes, ProtocolError } from "@brickshift/wire";

/** Every code of {@link TreeError}. */
export type TreeErrorCode = Extract<keyof typeof errorCodes, `TREE_${string}`>;

/** What the namespace refuses. The tree has not changed. */
export class TreeError extends ProtocolError {
  declare readonly code: TreeErrorCode;
  /** With `TREE_MOVED`: the name of the brick that holds the data. */
  readonly linkto: string | undefined;

  constructor(code: TreeErrorCode, message: string, linkto?: string) {
    super("TreeError", code, errorCodes[code], message);
    this.linkto = linkto;
  }
}
