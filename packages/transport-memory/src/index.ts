/**
 * An in-process transport: two ends of one connection, with back-pressure and limits. The smallest
 * complete transport, to start another one from.
 *
 * @packageDocumentation
 */
export { MemoryNetwork } from "./memory-network.js";
export { createMemoryTransport, type MemoryTransportPorts } from "./memory-transport.js";
export {
  memoryTransportOptions,
  type MemoryTransportOptions,
  type MemoryTransportOptionsInput,
} from "./options.js";
export type { Defer } from "./ports.js";
