/**
 * The contract of a connection that carries whole records. Knows nothing of RPC or Gluster.
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
