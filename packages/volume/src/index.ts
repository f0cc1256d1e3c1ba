/**
 * Volumes as GlusterFS clients see them: the text of volfiles, the graph of a client, the options of a volume.
 *
 * {@link clientGraph} makes the graph of a volume from its bricks and {@link parseVolumeOptions | options};
 * {@link formatVolfile} and {@link parseVolfile} are its text, there and back.
 *
 * @packageDocumentation
 */
export { clientGraph, GLUSTERD_PORT, subvolumeName, type Volume, type VolumeBrick } from "./client-graph.js";
export { formatVolfile, isVolfileText } from "./format-volfile.js";
export { parseVolfile } from "./parse-volfile.js";
export { type Volfile, VOLFILE_BYTES_MAX, VOLFILE_SECTIONS_MAX, type VolfileSection } from "./volfile.js";
export {
  brickOptionsOf,
  isOptionOn,
  optionText,
  parseVolumeOptions,
  type VolumeBrickOptions,
  volumeOptionNames,
  type VolumeOptions,
} from "./volume-options.js";
export type { VolumeOptionName } from "./option-table.js";
export { isVolumeError, VolumeError, type VolumeErrorCode } from "./volume-error.js";
