import { rpcPeerOptions } from "@brickshift/rpc";
import { z } from "zod";

/** Options of a management server. */
export const managementOptions = z.strictObject({
  /** Most connections; one more is ended at once. */
  connectionsMax: z.int().min(1).default(4_096),
  /** Longest key of a volume, or name of a brick, that is looked up, in bytes. */
  keyBytesMax: z.int().min(1).max(4_096).default(4_096),
  /** Of every connection. The server sends no pings: its clients do not, either. */
  rpc: rpcPeerOptions.prefault({ pingTimeoutMs: 0 }),
});
export type ManagementOptionsInput = z.input<typeof managementOptions>;
export type ManagementOptions = Readonly<z.output<typeof managementOptions>>;
