import { connectionLimits } from "@brickshift/transport";
import { z } from "zod";

/** Options of {@link createMemoryTransport}. */
export const memoryTransportOptions = connectionLimits.extend({
  /**
   * Most bytes that arrived at one end and wait for its handler; what is sent beyond waits at the
   * sender. One record fits always.
   */
  receiveBufferBytesMax: z
    .int()
    .min(1)
    .default(64 * 1_024),
  /** Most connections open at one listener; one more is refused with `TRANSPORT_REFUSED`. */
  connectionsMax: z.int().min(1).default(1_024),
});
export type MemoryTransportOptionsInput = z.input<typeof memoryTransportOptions>;
export type MemoryTransportOptions = Readonly<z.output<typeof memoryTransportOptions>>;
