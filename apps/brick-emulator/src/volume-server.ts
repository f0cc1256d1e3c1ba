import { createManagementServer, type ManagementServer } from "@brickshift/brick";
import { nodeScheduler } from "@brickshift/rpc";
import type { Listener } from "@brickshift/transport";
import type { EventLog } from "./event-log.js";
import { RunningVolume, type VolumeWorld } from "./running-volume.js";
import { UsageError } from "./usage-error.js";
import type { VolumePlan } from "./volume-plan.js";

/** What a volume server is made of. */
export interface VolumeServerInit extends Omit<VolumeWorld, "log" | "server"> {
  readonly volumes: readonly VolumePlan[];
  /** Where it listens, in the transport's notation. */
  readonly address: string;
  /** What clients are told. */
  readonly host: string;
  readonly log: EventLog;
}

/** Volumes, and the server that tells clients of them. */
export class VolumeServer {
  readonly #log: EventLog;
  readonly #volumes = new Map<string, RunningVolume>();
  readonly #management: ManagementServer;
  readonly #hasStarted: Promise<void>;
  #start: () => void = () => {};
  #listener: Listener | undefined;

  private constructor(log: EventLog) {
    this.#log = log;
    this.#hasStarted = new Promise((resolve) => {
      this.#start = resolve;
    });
    const all = () => [...this.#volumes.values()];
    const brickOf = (name: string) => all().find(({ bricks }) => bricks.some((brick) => brick.name === name));
    this.#management = createManagementServer({
      directory: {
        volfile: (volume) => this.#volumes.get(volume)?.volfile,
        volumeId: (volume) => this.#volumes.get(volume)?.volumeId,
        portOf: (brick) => brickOf(brick)?.port,
        brickAt: (port) => all().find((volume) => volume.port === port)?.bricks[0]?.name,
      },
      scheduler: nodeScheduler,
      log: log.management,
    });
  }

  /** Rejects as `RunningVolume.start` and `Transport.listen` do; nothing stays open then. */
  static async start(init: VolumeServerInit): Promise<VolumeServer> {
    const { volumes, address, host, log, transport } = init;
    const server = new VolumeServer(log);
    try {
      // Bound first: its port is in the volfiles, and a port that somebody else has is known before any store is opened.
      // Clients that come early wait.
      const listener = await transport.listen(address, (connection) => {
        void server.#hasStarted.then(() => server.#management.accept(connection));
      });
      server.#listener = listener;
      const port = Number(new URL(listener.address).port);
      for (const plan of volumes) {
        const world = { ...init, log: log.brick, server: { host, port } };
        server.#volumes.set(plan.name, await RunningVolume.start(plan, world));
      }
      server.#start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get address(): string {
    return this.#listener?.address ?? "";
  }

  get volumes(): readonly RunningVolume[] {
    return [...this.#volumes.values()];
  }

  /**
   * Takes over the options of the same volumes; clients whose volfile is another now are asked to fetch it.
   * @throws UsageError when volumes or bricks are others: that needs a restart.
   */
  reconfigure(plans: readonly VolumePlan[]): void {
    const shapeOf = (name: string, directories: readonly string[]) => [name, ...directories].join("\n");
    const running = this.volumes.map(({ name, bricks }) =>
      shapeOf(
        name,
        bricks.map((brick) => brick.name),
      ),
    );
    const planned = plans.map(({ name, directories }) => shapeOf(name, directories));
    if (JSON.stringify(running.toSorted()) !== JSON.stringify(planned.toSorted())) {
      throw new UsageError("other volumes or bricks are served after a restart only; options change at once");
    }
    for (const plan of plans) {
      const { name } = plan;
      const isChanged = this.#volumes.get(name)?.reconfigure(plan) === true;
      const clients = isChanged ? this.#management.announce(new Set([name])) : 0;
      this.#log.program({ event: "reconfigured", volume: name, isChanged, clients });
    }
  }

  /** Ends in order, with everything on disk. */
  async close(): Promise<void> {
    await this.#listener?.close();
    // Whoever still waits is told by the end of its connection.
    this.#start();
    await this.#management.close();
    await Promise.all(this.volumes.map((volume) => volume.close()));
  }
}
