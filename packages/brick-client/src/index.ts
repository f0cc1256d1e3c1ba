/**
 * A client of one GlusterFS 4.x brick, ours or stock: handshake, every fop as an async method, recalls as
 * events, reconnect. Knows nothing of volumes.
 *
 * @packageDocumentation
 */
export { createBrickClient } from "./brick-client-driver.js";
export type { BrickClient, BrickClientInit } from "./brick-client.js";
export type { Capabilities } from "./capabilities.js";
export type { FopInput, FopMethods, FopOptions, FopResult } from "./fop-call.js";
export type {
  CallbackEvent,
  ClientEvent,
  GiveUpEvent,
  LostEvent,
  RecallEvent,
  UpEvent,
} from "./client-event.js";
export type { OpenFd } from "./fd-table.js";
export type { HeldLease } from "./lease-table.js";
export { ClientError, type ClientErrorCode, isClientError } from "./client-error.js";
export { FopError, type FopErrorCode, isFopError } from "./fop-error.js";
export {
  brickClientOptions,
  type BrickClientOptions,
  type BrickClientOptionsInput,
  callerOptions,
  type CallerOptions,
  type CallerOptionsInput,
} from "./options.js";
