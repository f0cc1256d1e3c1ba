import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Gfid, parseGfid } from "@brickshift/wire";
import { randomGfid } from "../../host-driver.js";
import { StoreError } from "../store-error.js";
import { damaged, unknownVersion, writeDurably } from "./store-format.js";

const MEMBERSHIP_FILE = "brickshift-volume.json";
const VERSION = 1;

/** Which brick of which volume a store is. */
export interface VolumeMembership {
  readonly volume: string;
  readonly volumeId: Gfid;
  /** Name of its subvolume, such as `demo-client-0`: link files hold it. */
  readonly subvolume: string;
}

/** What a directory is to be a brick of. */
export interface VolumePlace {
  /** Of an opened store. */
  readonly directory: string;
  readonly subvolume: string;
}

/**
 * Makes opened stores the bricks of a volume, or finds that they are; returns the id of the volume, which stays the same as long
 * as one of them is there. Nothing is written unless all of them may be.
 * @throws StoreError `STORE_OTHER_VOLUME` when one is of another volume, or is another brick of this one; `STORE_DAMAGED`, `STORE_VERSION_UNKNOWN`.
 */
export function joinVolume(volume: string, places: readonly VolumePlace[]): Gfid {
  const known = places.map((place) => ({ place, membership: readMembership(place.directory) }));
  let first: VolumePlace | undefined;
  let volumeId: Gfid | undefined;
  for (const { place, membership } of known) {
    if (membership === undefined) continue;
    checkPlace(volume, place, membership);
    if (volumeId !== undefined && membership.volumeId !== volumeId) {
      const message = `${first?.directory} and ${place.directory} are of two volumes named "${volume}"`;
      throw new StoreError("STORE_OTHER_VOLUME", `${message}: serve them apart`);
    }
    first = place;
    volumeId = membership.volumeId;
  }
  volumeId ??= randomGfid();
  for (const { place, membership } of known) {
    if (membership === undefined) writeMembership(place, { volume, volumeId, subvolume: place.subvolume });
  }
  return volumeId;
}

/** What a store is a brick of; `undefined` when it is of no volume. @throws StoreError as {@link parseMembership}. */
export function readMembership(directory: string): VolumeMembership | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, MEMBERSHIP_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseMembership(directory, text);
}

/** What the text of a membership file says. @throws StoreError `STORE_VERSION_UNKNOWN`, `STORE_DAMAGED`. */
export function parseMembership(directory: string, text: string): VolumeMembership {
  let stored: Readonly<Record<string, unknown>>;
  let membership: VolumeMembership;
  try {
    stored = JSON.parse(text) as typeof stored;
    const { volume, volumeId, subvolume } = stored;
    if (typeof volume !== "string" || typeof subvolume !== "string") throw new TypeError("a name is missing");
    membership = { volume, volumeId: parseGfid(String(volumeId)), subvolume };
  } catch (error) {
    throw damaged(directory, `${MEMBERSHIP_FILE} does not parse`, error);
  }
  if (stored["version"] !== VERSION)
    throw unknownVersion(directory, MEMBERSHIP_FILE, stored["version"], VERSION);
  return membership;
}

function checkPlace(volume: string, place: VolumePlace, membership: VolumeMembership): void {
  const { directory, subvolume } = place;
  if (membership.volume !== volume) {
    const message = `${directory} is a brick of volume "${membership.volume}", not of "${volume}"`;
    throw new StoreError("STORE_OTHER_VOLUME", `${message}: name another directory, or that volume`);
  }
  if (membership.subvolume !== subvolume) {
    const message = `${directory} is ${membership.subvolume} and cannot be ${subvolume}`;
    throw new StoreError("STORE_OTHER_VOLUME", `${message}: name the bricks in the order they were made in`);
  }
}

function writeMembership({ directory }: VolumePlace, membership: VolumeMembership): void {
  const text = JSON.stringify({ version: VERSION, ...membership }, undefined, 2);
  writeDurably(directory, MEMBERSHIP_FILE, `${text}\n`);
}
