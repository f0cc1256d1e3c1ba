import { nameByteLength, portmap } from "@brickshift/wire";
import { type Answer, answering, checkLength } from "./answer-program.js";
import type { ManagementLog } from "./management-event.js";
import type { ManagementOptions } from "./options.js";
import type { VolumeDirectory } from "./volume-directory.js";

/**
 * The port map, read only: bricks are in this process and sign in nowhere. A client that is told that a brick is not up asks
 * again after 3 s.
 * Source: measured, vector `pmap-portbybrick`; BRICKBYPORT from its definition.
 */
export function portmapAnswers(
  directory: VolumeDirectory,
  options: ManagementOptions,
  log: ManagementLog,
): readonly Answer[] {
  return [
    answering(portmap.portByBrick, ({ brick }, { peer: { address } }) => {
      checkLength(brick, nameByteLength(brick), options.keyBytesMax);
      const port = directory.portOf(brick);
      if (port === undefined) log({ type: "brick-unknown", address, brick });
      return { opRet: port === undefined ? -1 : 0, opErrno: 0, status: 0, port: port ?? 0 };
    }),
    answering(portmap.brickByPort, ({ port }) => {
      const brick = directory.brickAt(port);
      return { opRet: brick === undefined ? -1 : 0, opErrno: 0, status: 0, brick: brick ?? "" };
    }),
  ];
}
