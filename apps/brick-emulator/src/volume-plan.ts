import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { isVolfileText, parseVolumeOptions, type VolumeOptions } from "@brickshift/volume";
import { UsageError } from "./usage-error.js";

/** One volume to serve. */
export interface VolumePlan {
  readonly name: string;
  /** Directories of its bricks, absolute, in the order of the subvolumes; their names for clients as well. */
  readonly directories: readonly string[];
  readonly options: VolumeOptions;
  /** Those of its bricks that are down for clients until they are named here no more. */
  readonly stopped: ReadonlySet<string>;
  /** Port of its bricks; 0 for any free one. */
  readonly brickPort: number;
}

const namePattern = /^[A-Za-z0-9_-]{1,200}$/;

/**
 * Checks what one volume is to be.
 * @param base what relative directories are relative to
 * @throws UsageError; `VolumeError` `VOLUME_OPTION_UNKNOWN`, `VOLUME_OPTION_VALUE`.
 */
export function planVolume(
  volume: {
    readonly name: string;
    readonly bricks: readonly string[];
    readonly options: Readonly<Record<string, string>>;
    readonly stopped?: readonly string[];
    readonly brickPort: number;
  },
  base: string,
): VolumePlan {
  const { name, bricks, options, stopped = [], brickPort } = volume;
  if (!namePattern.test(name)) {
    throw new UsageError(`"${name}" is no name of a volume; write letters, digits, "_" and "-"`);
  }
  if (bricks.length === 0) throw new UsageError(`volume "${name}" has no brick; name one: --brick DIR`);
  const directories = bricks.map((brick) => directoryOf(brick, base));
  const down = stopped.map((brick) => resolve(base, brick));
  const stray = down.find((directory) => !directories.includes(directory));
  if (stray !== undefined) throw new UsageError(`${stray} is stopped and no brick of volume "${name}"`);
  return { name, directories, options: parseVolumeOptions(options), stopped: new Set(down), brickPort };
}

/** @throws UsageError when two volumes have one name, or a directory is named twice. */
export function checkVolumes(volumes: readonly VolumePlan[]): void {
  const names = new Set<string>();
  const directories = new Map<string, string>();
  const places = new Map<string, string>();
  for (const volume of volumes) {
    if (names.has(volume.name)) throw new UsageError(`two volumes are named "${volume.name}"`);
    names.add(volume.name);
    for (const directory of volume.directories) {
      const other = directories.get(directory);
      if (other !== undefined) {
        const where =
          other === volume.name ? `of volume "${other}"` : `of "${other}" and of "${volume.name}"`;
        throw new UsageError(`${directory} is named twice, as a brick ${where}`);
      }
      directories.set(directory, volume.name);
      const place = placeOf(directory);
      const same = places.get(place);
      if (same !== undefined) {
        throw new UsageError(`${same} and ${directory} are one directory: name each brick's own`);
      }
      places.set(place, directory);
    }
  }
}

/** The path of a directory without links; of one that is not there, as it is. */
function placeOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

/** Parses `NAME=VALUE` of `--option`. @throws UsageError */
export function parseOptionArguments(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new UsageError(`"${text}" is no option; write --option NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Longest name that a brick may have, in bytes. */
const DIRECTORY_BYTES_MAX = 255;

function directoryOf(brick: string, base: string): string {
  const directory = resolve(base, brick);
  if (brick === "" || Buffer.byteLength(directory) > DIRECTORY_BYTES_MAX || !isVolfileText(directory)) {
    const what = `"${brick}" cannot be the directory of a brick of a volume`;
    throw new UsageError(
      `${what}: its path is what clients ask for, of at most ${DIRECTORY_BYTES_MAX} bytes, without backquotes`,
    );
  }
  return directory;
}
