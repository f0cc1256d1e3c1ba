/**
 * The contract of a connection that carries whole records, and what transports share: record marking,
 * delivery with back-pressure, the send queue. Knows nothing of RPC or Gluster.
 *
 * @packageDocumentation
 */
export type {
  Connection,
  ConnectionHandler,
  Listener,
  PeerInfo,
  RecordHandler,
  Transport,
} from "./connection.js";
export { type ConnectionLimits, type ConnectionLimitsInput, connectionLimits } from "./options.js";
export {
  isTransportError,
  TransportError,
  type TransportErrorCode,
  transportErrorCodes,
} from "./transport-error.js";

// For authors of transports.
export { abortError } from "./abort-error.js";
export { BufferPool, type BufferPoolOptions, POOLED_BYTES_MIN } from "./buffer-pool.js";
export { RecordAssembler, type RecordAssemblerLimits } from "./record-assembler.js";
export { type DeliveryHooks, handlerFailed, RecordDelivery } from "./record-delivery.js";
export { FRAGMENT_BYTES_MAX, RECORD_MARK_BYTES, recordMark, writeRecordMark } from "./record-mark.js";
export { QUEUED_RECORD_BYTES, type QueuedRecord, SendQueue, type SendQueueLimits } from "./send-queue.js";
export { type StallLook, StallWatch } from "./stall-watch.js";
