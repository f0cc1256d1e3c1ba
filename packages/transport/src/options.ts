import { z } from "zod";

/** Limits of a connection; every transport takes them. */
export const connectionLimits = z.strictObject({
  /** Largest record that is sent or accepted, in bytes. A larger one ends the connection. */
  recordBytesMax: z
    .int()
    .min(1_024)
    .max(0x7fff_ffff)
    .default(16 * 1_024 * 1_024),
  /**
   * Most bytes waiting to be sent, 64 counted for each record besides its own; one more record is
   * refused with `TRANSPORT_QUEUE_FULL`, unless the queue is empty.
   */
  sendQueueBytesMax: z
    .int()
    .min(1_024)
    .default(256 * 1_024 * 1_024),
  /** Most fragments of one record, empty ones counted; Gluster peers send one. */
  fragmentsMax: z.int().min(1).default(1_024),
});
export type ConnectionLimitsInput = z.input<typeof connectionLimits>;
export type ConnectionLimits = Readonly<z.output<typeof connectionLimits>>;
