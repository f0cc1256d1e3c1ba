import {
  type Dict,
  dictText,
  Errno,
  errnoName,
  errorCodes,
  type FopName,
  fops,
  type Gfid,
  ProtocolError,
  XDATA,
} from "@brickshift/wire";

/** Codes of {@link FopError}. */
export type FopErrorCode = Extract<keyof typeof errorCodes, `FOP_${string}`>;

/**
 * The brick answered that a fop failed. `FOP_LEASE_REVOKED`: the lease that the fop relied on is not held
 * any more. `FOP_FENCED`: somebody with a higher fence writes this file. `FOP_MOVED`: the data is on
 * the brick {@link FopError.linkto}. `FOP_FAILED`: anything else, see `errno`.
 */
export class FopError extends ProtocolError {
  declare readonly code: FopErrorCode;
  /** The fop that failed. */
  readonly fop: FopName;
  /** The inode, or the parent, that it was about, if any. */
  readonly gfid: Gfid | undefined;
  /** What came with the answer. */
  readonly xdata: Dict | null;
  /** Why a lease is not held any more, or `fenced`. */
  readonly leaseState: string | undefined;
  /** Name of the brick that holds the data. */
  readonly linkto: string | undefined;

  constructor(fop: FopName, errno: number, gfid: Gfid | undefined, xdata: Dict | null) {
    const leaseState = dictText(xdata, XDATA.leaseState);
    const linkto = dictText(xdata, XDATA.linkto);
    const code = codeOf(errno, leaseState, linkto);
    const { fault } = errorCodes[code];
    const about = gfid === undefined ? "" : ` on ${gfid}`;
    const why = leaseState ?? (linkto === undefined ? "" : `moved to ${linkto}`);
    const text = `${fops[fop].name}${about}: ${errnoName(errno)}${why === "" ? "" : ` (${why})`}`;
    super("FopError", code, { errno, fault }, text);
    this.fop = fop;
    this.gfid = gfid;
    this.xdata = xdata;
    this.leaseState = leaseState;
    this.linkto = linkto;
  }
}

/** Recognises a {@link FopError} by its shape, across copies of this package. */
export function isFopError(error: unknown): error is FopError {
  return error instanceof Error && (error as Partial<FopError>).tag === "FopError";
}

function codeOf(errno: number, leaseState: string | undefined, linkto: string | undefined): FopErrorCode {
  if (errno === Errno.EKEYREVOKED) return "FOP_LEASE_REVOKED";
  if (errno === Errno.EREMOTE && linkto !== undefined) return "FOP_MOVED";
  if (errno !== Errno.ESTALE) return "FOP_FAILED";
  if (leaseState === "fenced") return "FOP_FENCED";
  return linkto === undefined ? "FOP_FAILED" : "FOP_MOVED";
}
