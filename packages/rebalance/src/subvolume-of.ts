import type { BrickPort } from "./ports.js";

/**
 * What link files call a brick: the name of its subvolume in the graph of the clients, which a Brickshift brick of a volume
 * tells; the name of the brick when it tells none. Only where both are the same do clients find a file by the latter.
 */
export function subvolumeOf(brick: Pick<BrickPort, "brick" | "capabilities">): string {
  return brick.capabilities?.subvolume ?? brick.brick;
}
