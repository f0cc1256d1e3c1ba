/** One RPC program in one version. */
export interface Program {
  /** As DUMP lists it. */
  readonly name: string;
  readonly number: number;
  readonly version: number;
}

/** The programs of bricks, volume servers and clients. Source: measured, vector `dump-dump`. */
export const programs = {
  dump: { name: "GF-DUMP", number: 123_451_501, version: 1 },
  handshake: { name: "GlusterFS Handshake", number: 14_398_633, version: 2 },
  portmap: { name: "Gluster Portmap", number: 34_123_456, version: 1 },
  /** The fops of 4.x and later, the only ones this package speaks. */
  fop: { name: "GlusterFS 4.x v1", number: 1_298_437, version: 400 },
  /** The fops of 3.x, listed so that a peer's DUMP can be understood. */
  fop3: { name: "GlusterFS 3.3", number: 1_298_437, version: 330 },
  callback: { name: "GlusterFS Callback", number: 52_743_234, version: 1 },
} as const satisfies Record<string, Program>;

/** The `mgmt-version` of SETVOLUME. */
export const MANAGEMENT_HANDSHAKE_PROGRAM = 1_239_873;
