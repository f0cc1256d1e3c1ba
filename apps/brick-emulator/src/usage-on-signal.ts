import { type Brick, usageOf } from "@brickshift/brick";
import type { EventLog } from "./event-log.js";

/**
 * Tells what is held on each of `bricks` whenever the process gets SIGUSR2; SIGUSR1, by which stock bricks are asked for a
 * statedump, is Node's. @returns the way to end that.
 */
export function tellUsageOnSignal(bricks: () => Iterable<Brick>, log: EventLog): () => void {
  const tell = () => {
    for (const brick of bricks()) log.program({ event: "usage", brick: brick.name, ...usageOf(brick) });
  };
  process.on("SIGUSR2", tell);
  return () => process.off("SIGUSR2", tell);
}
