/** What a management server knows of its volumes: asked anew for each call, so that it may change. */
export interface VolumeDirectory {
  /** Text of the volfile for the clients of a volume; `undefined` when there is no such volume. */
  volfile(volume: string): string | undefined;
  /** Uuid of a volume. */
  volumeId(volume: string): string | undefined;
  /** Port that a brick is reached at, by its `remote-subvolume`; `undefined` when there is none, or it is not up. */
  portOf(brick: string): number | undefined;
  /** The brick that is reached at a port; of several the first. */
  brickAt(port: number): string | undefined;
}

/**
 * The volume that a client means: mounts ask for `/NAME`, programs for `NAME`.
 * Source: measured, vector `hndsk-getspec`.
 */
export function volumeOfKey(key: string): string {
  return key.startsWith("/") ? key.slice(1) : key;
}
