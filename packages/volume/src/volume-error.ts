import { errorCodes, ProtocolError } from "@brickshift/wire";

/** Codes of {@link VolumeError}. */
export type VolumeErrorCode = Extract<keyof typeof errorCodes, `VOLFILE_${string}` | `VOLUME_${string}`>;

/** A volfile that is none, or an option that a volume does not have. The message names the thing and the next step. */
export class VolumeError extends ProtocolError {
  declare readonly code: VolumeErrorCode;

  constructor(code: VolumeErrorCode, message: string, options?: ErrorOptions) {
    super("VolumeError", code, errorCodes[code], message, options);
  }
}

/** Recognises a {@link VolumeError} by its shape, across copies of this package. */
export function isVolumeError(error: unknown): error is VolumeError {
  return error instanceof Error && (error as Partial<VolumeError>).tag === "VolumeError";
}
