import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmallDisk } from "@brickshift/testkit";
import type { Gfid } from "@brickshift/wire";
import { parseGfid } from "@brickshift/wire";
import type { SharedFile } from "../../simulation/clients/file-client.js";
import { instantSince } from "../clients/recorded-history.js";
import type { End } from "../plan/point.js";
import type { RoundPlan } from "../plan/round-plan.js";
import { BrickProcess } from "../processes/brick-process.js";
import type { PlayerProcess } from "../processes/player-process.js";
import type { Programs } from "../processes/programs.js";
import type { CallListener } from "../relay/call-at.js";
import { Relay } from "../relay/relay.js";

/** Numbers that one player may write before they are another's. */
const VALUES_PER_PLAY = 1_000_000;
const SMALL_DISK_BYTES = 25_165_824;

/** What a round is played with: two bricks with stores of their own, the ways to them, and players. */
export class Scene {
  readonly plan: RoundPlan;
  readonly directory: string;
  readonly files: readonly SharedFile[];
  readonly bricks: readonly [BrickProcess, BrickProcess];
  /** Where the histories of clients are. */
  readonly histories: string[] = [];
  readonly base = process.hrtime.bigint();
  /** The small disks of the two bricks, where the plan has them. */
  readonly disks: readonly SmallDisk[];
  #runnerRelays: readonly Relay[] = [];
  #clientRelays: readonly Relay[] = [];
  readonly #players: readonly PlayerProcess[];
  #plays = 0;

  private constructor(
    plan: RoundPlan,
    directory: string,
    programs: Programs,
    players: readonly PlayerProcess[],
    onDeath: (text: string) => void,
  ) {
    this.plan = plan;
    this.directory = directory;
    this.#players = players;
    this.files = plan.files.map((file, index) => ({ ...file, gfid: gfidOf(index) }));
    mkdirSync(directory, { recursive: true });
    const names = ["b0", "b1"] as const;
    this.disks =
      plan.disk === "small"
        ? names.map((name) => SmallDisk.mount(join(directory, `disk-${name}`), SMALL_DISK_BYTES))
        : [];
    const brick = (index: 0 | 1) =>
      new BrickProcess({
        name: names[index],
        directory: join(this.disks[index]?.directory ?? directory, names[index]),
        program: programs.brick,
        onEnd: ({ name }, how) => onDeath(`the brick ${name} ended by itself with ${how}`),
      });
    this.bricks = [brick(0), brick(1)];
  }

  /**
   * @param onCall hears of every call of a runner, with the brick that it is for.
   * @param onDeath hears of bricks that ended by themselves, and are not started again.
   */
  static async open(init: {
    readonly plan: RoundPlan;
    readonly directory: string;
    readonly programs: Programs;
    readonly players: readonly PlayerProcess[];
    readonly onCall: (brick: 0 | 1) => CallListener;
    readonly onDeath: (text: string) => void;
  }): Promise<Scene> {
    const { plan, directory, programs, players, onCall, onDeath } = init;
    const scene = new Scene(plan, directory, programs, players, onDeath);
    await Promise.all(scene.bricks.map((brick) => brick.start()));
    const [b0, b1] = scene.bricks;
    scene.#runnerRelays = [
      await Relay.start(() => b0.port, onCall(0)),
      await Relay.start(() => b1.port, onCall(1)),
    ];
    scene.#clientRelays = [await Relay.start(() => b0.port), await Relay.start(() => b1.port)];
    return scene;
  }

  /** What a file was in the beginning. */
  initialValue(file: SharedFile): number {
    return 0xf000_0000 + this.files.indexOf(file);
  }

  /** Nanoseconds since the round began. */
  instant(): number {
    return instantSince(this.base);
  }

  /** The way of runners, or of clients, to a brick. */
  relay(who: "runner" | "client", brick: 0 | 1): Relay {
    return (who === "runner" ? this.#runnerRelays : this.#clientRelays)[brick] as Relay;
  }

  player(number: number): PlayerProcess {
    return this.#players[number % this.#players.length] as PlayerProcess;
  }

  /** Lets one of the players play its clients, under names and with values that nobody had before. */
  play(number: number): void {
    this.#plays += 1;
    const player = number % this.#players.length;
    const history = join(this.directory, `history-${this.#plays}`);
    // Whoever is killed before he begins has done nothing.
    writeFileSync(history, "");
    this.histories.push(history);
    this.player(player).play({
      do: "play",
      seed: this.plan.seed * 1_000 + this.#plays,
      base: String(this.base),
      history,
      firstValue: this.#plays * VALUES_PER_PLAY,
      ports: [this.relay("client", 0).port, this.relay("client", 1).port],
      files: [...this.files],
      clients: (this.plan.players[player] ?? []).map((client) => ({
        ...client,
        name: `${client.name}.${this.#plays}`,
      })),
    });
  }

  get playerCount(): number {
    return this.#players.length;
  }

  /** Ends every connection that is open. */
  async closeRelays(): Promise<void> {
    await Promise.all([...this.#runnerRelays, ...this.#clientRelays].map((relay) => relay.close()));
  }

  /** Ends everything of the round but the players; its directory goes when all was well. */
  async close(isKept: boolean): Promise<void> {
    await this.closeRelays();
    await Promise.all(this.bricks.map((brick) => brick.kill()));
    if (isKept) return;
    for (const disk of this.disks) disk.unmount();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The other brick than the one that files come from. */
export function brickAt(end: End, source: 0 | 1): 0 | 1 {
  return end === "source" ? source : source === 0 ? 1 : 0;
}

function gfidOf(index: number): Gfid {
  return parseGfid(`cccccccc-0000-4000-8000-${(index + 1).toString(16).padStart(12, "0")}`);
}
