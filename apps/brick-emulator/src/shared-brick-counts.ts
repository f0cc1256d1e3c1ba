import { statSync } from "node:fs";

/**
 * How many of these directories are on the file system of each: with every brick showing all of one file system as its own room,
 * clients that add bricks up would see it several times.
 */
export function sharedBrickCounts(directories: readonly string[]): ReadonlyMap<string, number> {
  const devices = new Map(directories.map((directory) => [directory, statSync(directory).dev]));
  const counts = new Map<number, number>();
  for (const device of devices.values()) counts.set(device, (counts.get(device) ?? 0) + 1);
  return new Map([...devices].map(([directory, device]) => [directory, counts.get(device) ?? 1]));
}
