import {
  type Brick,
  type BrickEvent,
  type BrickServer,
  type BrickServerOptionsInput,
  createBrickServer,
  MemoryMedium,
  StoreError,
  type TreeOptionsInput,
} from "@brickshift/brick";
import { type ManualScheduler, type SeededRandom } from "@brickshift/testkit";
import { type Gfid, parseGfid } from "@brickshift/wire";
import type { Link } from "./link.js";
import { VirtualDisk } from "./slow-store.js";
import { VirtualProcess } from "./virtual-process.js";

/** 2026-01-01, in ms. */
const WALL_START_MS = 1_767_225_600_000;

const options: BrickServerOptionsInput = {
  leases: { recallTimeoutMs: 1_500, recallProgressMs: 100, recallCapMs: 2_500 },
};

/** Some of what is put whole gets a blob at once. */
const treeOptions: TreeOptionsInput = { keptBytesMax: 400 };

/** Longest time for which a lease may keep a client waiting, in ms. */
export const LEASE_WAIT_MS_MAX = 2_500;

/** One brick through all its lives: the disk stays, the process is killed and started again. */
export class VirtualBrick {
  readonly name: string;
  readonly disk: VirtualDisk;
  readonly #clock: ManualScheduler;
  readonly #links: Link[] = [];
  readonly #log: (brick: VirtualBrick, event: BrickEvent) => void;
  readonly #hadData = new Map<Gfid, boolean>();
  #process: VirtualProcess | undefined;
  #server: BrickServer | undefined;
  #listeners: (() => Promise<void>)[] = [];
  #wallAheadMs = 0;

  constructor(
    name: string,
    number: number,
    clock: ManualScheduler,
    random: SeededRandom,
    log: (brick: VirtualBrick, event: BrickEvent) => void,
  ) {
    this.name = name;
    this.#clock = clock;
    this.#log = log;
    const id = parseGfid(`aaaaaaaa-0000-4000-8000-${number.toString().padStart(12, "0")}`);
    this.disk = new VirtualDisk(new MemoryMedium(id), random);
  }

  /** The process that serves it; `undefined` before the first start. */
  get process(): VirtualProcess | undefined {
    return this.#process;
  }

  get isUp(): boolean {
    return this.#server !== undefined;
  }

  /** The brick itself, while it is up. */
  get brick(): Brick | undefined {
    return this.#server?.bricks.get(this.name);
  }

  /** Serves one more link from now on, also after a restart. */
  async add(link: Link): Promise<void> {
    this.#links.push(link);
    const server = this.#server;
    if (server !== undefined)
      this.#listeners.push(await link.serve((connection) => server.accept(connection)));
  }

  /** Starts it. A brick that cannot start, as its disk fails, is down as if it had been killed. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#process?.kill();
      this.disk.crash();
    }
  }

  async #start(): Promise<void> {
    const process = new VirtualProcess(this.name, this.#clock);
    this.#process = process;
    const wallMs = () => WALL_START_MS + Math.floor(this.#clock.nowMs()) + this.#wallAheadMs;
    const store = this.disk.open(process, wallMs);
    const server = await createBrickServer({
      bricks: [
        {
          name: this.name,
          store,
          tree: { clock: () => BigInt(wallMs()) * 1_000_000n, options: treeOptions },
        },
      ],
      scheduler: process,
      options,
      log: (event) => {
        if (!process.isDead) this.#log(this, event);
      },
    });
    this.#server = server;
    for (const link of this.#links) {
      this.#listeners.push(await link.serve((connection) => server.accept(connection)));
    }
  }

  /** Ends its process. @returns those of `files` that a power cut took something from. */
  crash(how: "kill" | "power-cut", files: readonly Gfid[]): readonly Gfid[] {
    for (const gfid of files) this.#hadData.set(gfid, this.holdsData(gfid));
    this.#process?.kill();
    this.#server = undefined;
    const before = files.map((gfid) => this.disk.contentOf(gfid));
    if (how === "power-cut") this.disk.cutPower();
    const lost = files.filter((gfid, at) => !isSame(before[at], this.disk.contentOf(gfid)));
    this.disk.crash();
    for (const end of this.#listeners.splice(0)) void end();
    for (const link of this.#links) link.cut();
    return lost;
  }

  /** Whether it is the one that has the data of a file by its own word: no link file, no target. */
  holdsData(gfid: Gfid): boolean {
    const { brick } = this;
    if (brick === undefined) return this.#hadData.get(gfid) ?? false;
    return brick.tree.isLinked(gfid) && brick.tree.linkto(gfid) === undefined;
  }

  /** How far a file's target is that is filled here; `undefined` when there is none, or the brick is down. */
  targetPhase(gfid: Gfid): "filling" | "prepared" | undefined {
    const tree = this.brick?.tree;
    return tree?.isLinked(gfid) === true ? tree.target(gfid)?.phase : undefined;
  }

  /** The wall clock is set, forward or back. */
  setWallClock(byMs: number): void {
    this.#wallAheadMs += byMs;
  }
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;
}
