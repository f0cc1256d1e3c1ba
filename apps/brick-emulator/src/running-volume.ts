import {
  type Brick,
  type BrickLog,
  type BrickServer,
  type BrickServerOptionsInput,
  type BrickStore,
  createBrickServer,
  createMemoryStore,
} from "@brickshift/brick";
import { joinVolume, openDiskStore } from "@brickshift/brick/store-disk";
import { nodeScheduler } from "@brickshift/rpc";
import type { Listener, Transport } from "@brickshift/transport";
import {
  brickOptionsOf,
  clientGraph,
  formatVolfile,
  subvolumeName,
  type VolumeOptions,
} from "@brickshift/volume";
import { sharedBrickCounts } from "./shared-brick-counts.js";
import type { VolumePlan } from "./volume-plan.js";

/** What the volumes of a process share. */
export interface VolumeWorld {
  readonly transport: Transport;
  readonly isTls: boolean;
  /** Host that bricks listen at, in the transport's notation, without a port. */
  readonly listenHost: string;
  /** What clients are told of the volume server, where they ask for the ports of bricks. */
  readonly server: { readonly host: string; readonly port: number };
  readonly inMemory: boolean;
  /** The release that the bricks answer as where clients can tell. */
  readonly compat: "gluster-10.3" | undefined;
  readonly log: BrickLog;
}

/** A brick of a running volume. */
export interface RunningBrick {
  /** What clients ask for: its path. */
  readonly name: string;
  readonly subvolume: string;
  readonly store: BrickStore;
}

/** A volume whose bricks are up. */
export class RunningVolume {
  readonly name: string;
  /** `undefined` in memory, where nothing would keep it. */
  readonly volumeId: string | undefined;
  readonly bricks: readonly RunningBrick[];
  readonly address: string;
  readonly port: number;
  readonly #world: VolumeWorld;
  readonly #server: BrickServer;
  readonly #listener: Listener;
  #volfile: string;

  private constructor(
    world: VolumeWorld,
    plan: VolumePlan,
    parts: Pick<RunningVolume, "volumeId" | "bricks"> & { server: BrickServer; listener: Listener },
  ) {
    this.#world = world;
    this.name = plan.name;
    this.volumeId = parts.volumeId;
    this.bricks = parts.bricks;
    this.#server = parts.server;
    this.#listener = parts.listener;
    this.address = parts.listener.address;
    this.port = Number(new URL(this.address).port);
    this.#volfile = this.#format(plan.options);
  }

  /**
   * Opens the stores and listens. When it fails nothing stays open.
   * Rejects as `openDiskStore`, `joinVolume`, `createBrickServer` and `Transport.listen` do.
   */
  static async start(plan: VolumePlan, world: VolumeWorld): Promise<RunningVolume> {
    const { name, directories, options, brickPort } = plan;
    const bricks: RunningBrick[] = [];
    try {
      for (const [index, directory] of directories.entries()) {
        const store = world.inMemory ? createMemoryStore() : await openDiskStore({ directory });
        bricks.push({ name: directory, subvolume: subvolumeName(name, index), store });
      }
      const places = bricks.map((brick) => ({ directory: brick.name, subvolume: brick.subvolume }));
      const volumeId = world.inMemory ? undefined : joinVolume(name, places);
      const shares = world.inMemory ? undefined : sharedBrickCounts(directories);
      const server = await createBrickServer({
        bricks: bricks.map((brick) => ({
          ...brick,
          ...(volumeId !== undefined && { volumeId }),
          ...(shares !== undefined && { tree: { options: { sharedBrickCount: shares.get(brick.name) } } }),
        })),
        scheduler: nodeScheduler,
        options: serverOptions(options, world),
        log: world.log,
      });
      const listener = await world.transport
        .listen(`${world.listenHost}:${brickPort}`, (connection) => server.accept(connection))
        .catch(async (error: unknown) => {
          await server.close();
          throw error;
        });
      const volume = new RunningVolume(world, plan, { volumeId, bricks, server, listener });
      volume.#stop(plan.stopped);
      return volume;
    } catch (error) {
      await Promise.all(bricks.map(({ store }) => store.close()));
      throw error;
    }
  }

  /** Its bricks as they are served, by name. */
  get served(): ReadonlyMap<string, Brick> {
    return this.#server.bricks;
  }

  /** Text of the volfile of its clients. */
  get volfile(): string {
    return this.#volfile;
  }

  /**
   * Takes options over, the bricks those that concern them, and which bricks are stopped.
   * @returns whether clients have to fetch the volfile again
   */
  reconfigure({ options, stopped }: Pick<VolumePlan, "options" | "stopped">): boolean {
    const before = this.#volfile;
    this.#volfile = this.#format(options);
    this.#server.reconfigure(serverOptions(options, this.#world));
    this.#stop(stopped);
    return this.#volfile !== before;
  }

  /** Ends in order, with everything on disk. */
  async close(): Promise<void> {
    await this.#listener.close();
    await this.#server.close();
    await Promise.all(this.bricks.map(({ store }) => store.close()));
  }

  #stop(stopped: ReadonlySet<string>): void {
    for (const [name, brick] of this.#server.bricks) {
      if (stopped.has(name)) brick.takeDown("stopped");
      else brick.bringUp("stopped");
    }
  }

  #format(options: VolumeOptions): string {
    const { server, isTls } = this.#world;
    const bricks = this.bricks.map(({ name }) => ({ ...server, name }));
    return formatVolfile(clientGraph({ name: this.name, bricks, options, isTls }));
  }
}

/** What options of a volume mean for the server of its bricks. */
function serverOptions(options: VolumeOptions, { compat }: VolumeWorld): BrickServerOptionsInput {
  const {
    leases: openLeases,
    recallTimeoutMs,
    cacheInvalidationMs: timeoutMs,
    healthCheck,
    allow,
    certificates,
    reject,
  } = brickOptionsOf(options);
  return {
    leases: { recallTimeoutMs },
    openLeases,
    ...(compat !== undefined && { compat }),
    login: {
      allow: [...allow],
      reject: [...reject],
      ...(certificates !== undefined && { certificates: [...certificates] }),
    },
    healthCheck,
    ...(timeoutMs !== undefined && { cacheInvalidation: { timeoutMs } }),
  };
}
