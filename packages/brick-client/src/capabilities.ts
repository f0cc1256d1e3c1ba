import type { Gfid } from "@brickshift/wire";

/** What a brick said about itself when the connection was made. */
export interface Capabilities {
  /** Version of Brickshift's extensions; `undefined` for a stock brick. */
  readonly brickshift: string | undefined;
  /** Identity of the brick, to fence writes with; `undefined` for a stock brick. */
  readonly brickId: Gfid | undefined;
  /** Identity of the volume, if the brick knows it. */
  readonly volumeId: string | undefined;
  /** Identity of the brick's process; another one means that it was restarted. */
  readonly processUuid: string | undefined;
}
