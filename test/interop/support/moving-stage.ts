import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type Emulator, startEmulatorWith } from "./emulator.js";
import { freePort } from "./free-port.js";
import { clientVolfile, type FuseMount, mountVolfile } from "./fuse-mount.js";
import { type Runner, type RunnerEvent, startRunner } from "./rebalance-runner.js";
import type { Scratch } from "./scratch.js";

type BrickName = "b0" | "b1";

/** Two emulated bricks, each a process of its own, and stock mounts of both as one distributed volume. */
export class MovingStage {
  readonly #scratch: Scratch;
  readonly #ports: Readonly<Record<BrickName, number>>;
  readonly #emulators = new Map<BrickName, Emulator>();
  readonly #raw: Readonly<Record<BrickName, FuseMount>>;
  #names = 0;

  private constructor(
    scratch: Scratch,
    ports: Readonly<Record<BrickName, number>>,
    raw: Readonly<Record<BrickName, FuseMount>>,
  ) {
    this.#scratch = scratch;
    this.#ports = ports;
    this.#raw = raw;
  }

  static async start(scratch: Scratch): Promise<MovingStage> {
    const ports = { b0: await freePort(), b1: await freePort() };
    const bricks = await Promise.all([startOn(scratch, "b0", ports.b0), startOn(scratch, "b1", ports.b1)]);
    const mountRaw = (name: BrickName) =>
      mountVolfile(scratch, clientVolfile([{ name, port: ports[name] }]), `raw-${name}`);
    const raw = { b0: await mountRaw("b0"), b1: await mountRaw("b1") };
    const stage = new MovingStage(scratch, ports, raw);
    stage.#emulators.set("b0", bricks[0]).set("b1", bricks[1]);
    return stage;
  }

  mount(): Promise<FuseMount> {
    const bricks = (["b0", "b1"] as const).map((name) => ({ name, port: this.#ports[name] }));
    return mountVolfile(this.#scratch, clientVolfile(bricks), `mount-${(this.#names += 1)}`);
  }

  /** Ends a brick by `kill -9` and starts it again on the same port and directory. */
  async killAndRestart(name: BrickName): Promise<void> {
    await this.#emulators.get(name)?.stop("SIGKILL");
    this.#emulators.set(name, await startOn(this.#scratch, name, this.#ports[name]));
  }

  /** A name in `directory` whose data are on b1, with `make` called on the mount for each that was tried. */
  nameOnB1(mount: FuseMount, directory: string, make: (path: string) => void): string {
    mkdirSync(`${mount.path}${directory}`, { recursive: true });
    for (;;) {
      const path = `${directory}/file${(this.#names += 1)}`;
      make(`${mount.path}${path}`);
      if (this.isOnB1(path)) return path;
    }
  }

  /** Whether b1 has the data of a file. */
  isOnB1(path: string): boolean {
    return this.on("b1", path) === "data";
  }

  /** What a brick has under a path, as it is itself and not by way of the volume; up to a second old. */
  on(name: BrickName, path: string): "data" | "link" | undefined {
    const attributes = statSync(`${this.#raw[name].path}${path}`, { throwIfNoEntry: false });
    if (attributes === undefined) return undefined;
    // A link file has no permission but the sticky bit.
    return (attributes.mode & 0o7777) === 0o1000 ? "link" : "data";
  }

  /** Moves paths from b1 to b0; `state` is the journal's directory. */
  run(
    paths: readonly string[],
    more: readonly string[] = [],
    state = this.#scratch.path(`journal-${(this.#names += 1)}`),
  ): Runner {
    const url = (name: BrickName) => `gluster://127.0.0.1:${this.#ports[name]}/${name}`;
    const bricks = ["--source", url("b1"), "--destination", url("b0")];
    return startRunner(this.#scratch, ["run", ...bricks, "--state", state, ...more, ...paths]);
  }
}

function startOn(scratch: Scratch, name: BrickName, port: number): Promise<Emulator> {
  const brick = `${name}=${scratch.path(`emulated-${name}`)}`;
  return startEmulatorWith(scratch, ["--brick", brick, "--listen", `127.0.0.1:${port}`]);
}

/** Calls `act` again and again until the runner ends, at least once; its report. */
export async function whileRunning(
  { exited, events, errors, child }: Runner,
  act: (turn: number) => unknown,
): Promise<RunnerEvent> {
  let turn = 0;
  do {
    await act((turn += 1));
    // What `act` does may be synchronous all through; the end has to be heard nevertheless.
    await setImmediate();
  } while (child.exitCode === null && child.signalCode === null);
  const code = await exited;
  const report = events.at(-1);
  if (code !== 0 || report?.event !== "report")
    throw new Error(`rebalance-runner ended with ${code}: ${errors()}${JSON.stringify(events.slice(-3))}`);
  return report;
}

/** Resolves when the runner has begun to copy; rejects when it ends before. */
export async function copying(runner: Runner): Promise<void> {
  const isCopying = () => runner.events.some((event) => Number(event["bytesCopied"]) > 0);
  while (!isCopying()) {
    if (runner.child.exitCode !== null) throw new Error(`rebalance-runner ended before: ${runner.errors()}`);
    await once(runner.child.stdout ?? runner.child, "data");
  }
}
