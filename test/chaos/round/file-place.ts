import type { BrickClient } from "@brickshift/brick-client";
import { NULL_GFID, type Gfid } from "@brickshift/wire";
import { ASK_LINKTO, lookUp } from "../../simulation/clients/name-clients.js";

/** What a brick says that it has of a file. */
export type Kind = Awaited<ReturnType<typeof lookUp>>;

/** Asks a brick what it has of a file, whatever its name. */
export async function kindOf(brick: BrickClient, gfid: Gfid): Promise<Kind> {
  return lookUp(brick, { gfid, pargfid: NULL_GFID, flags: 0, bname: "", xdata: ASK_LINKTO });
}
