import type { Gfid } from "@brickshift/wire";

/** What a brick said about itself when the connection was made. */
export interface Capabilities {
  /** Version of Brickshift's extensions; `undefined` for a stock brick, and for one of ours that imitates one. */
  readonly brickshift: string | undefined;
  /** The stock release that a brick of ours imitates, leases that are not safe included; `undefined` nearly always. */
  readonly compat: string | undefined;
  /** Identity of the brick, to fence writes with; `undefined` for a stock brick. */
  readonly brickId: Gfid | undefined;
  /** Name of the brick's subvolume in the volume that it is served for; `undefined` when it is in none, or a stock brick. */
  readonly subvolume: string | undefined;
  /** Identity of the volume, if the brick knows it. */
  readonly volumeId: string | undefined;
  /** Identity of the brick's process; another one means that it was restarted. */
  readonly processUuid: string | undefined;
}
