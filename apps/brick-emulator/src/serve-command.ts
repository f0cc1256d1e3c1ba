import { type BrickStore, createBrickServer, createMemoryStore } from "@brickshift/brick";
import { openDiskStore } from "@brickshift/brick/store-disk";
import { nodeScheduler } from "@brickshift/rpc";
import { type BrickArgument, parseBrickArgument } from "./brick-argument.js";
import { brickOptions, type BrickOptionValues } from "./brick-options.js";
import { createEventLog, type EventLog, type LogLevel } from "./event-log.js";
import { ExitCode } from "./exit-code.js";
import { parseListenAddress } from "./listen-address.js";
import { type TlsOptionValues, transportFor, wantsTls } from "./listen-transport.js";
import { serveVolumes } from "./serve-volumes.js";
import { UsageError } from "./usage-error.js";
import { tellUsageOnSignal } from "./usage-on-signal.js";

/** Options of `serve`, as commander gives them. */
export interface ServeOptionValues extends BrickOptionValues, TlsOptionValues {
  /** `NAME=DIR`, or `DIR` with a volume. */
  readonly brick: readonly string[];
  readonly volume?: string;
  readonly option: readonly string[];
  readonly config?: string;
  readonly host?: string;
  readonly brickPort?: string;
  readonly listen?: string;
  readonly memory?: true;
  readonly logLevel: LogLevel;
  readonly untilStdinEnds?: true;
  readonly json?: true;
}

interface ServedBrick extends BrickArgument {
  readonly store: BrickStore;
}

/** Serves volumes or single bricks until a signal, then ends in order with everything on disk. */
export async function serveCommand(values: ServeOptionValues): Promise<number> {
  const log = createEventLog(values.json ? process.stdout : process.stderr, values.logLevel);
  const ended = firstSignal(values.untilStdinEnds === true);
  if (values.volume !== undefined || values.config !== undefined) return serveVolumes(values, log, ended);
  return serveBricks(values, log, ended);
}

async function serveBricks(
  values: ServeOptionValues,
  log: EventLog,
  ended: Promise<string>,
): Promise<number> {
  const stray = (["option", "host", "brickPort"] as const).find((key) => (values[key]?.length ?? 0) > 0);
  if (stray !== undefined) {
    throw new UsageError(`--${stray === "brickPort" ? "brick-port" : stray} goes with --volume or --config`);
  }
  const bricks = parseBricks(values.brick);
  const address = parseListenAddress(values.listen ?? "127.0.0.1:0", wantsTls(values));
  const options = brickOptions(values);
  const transport = transportFor(address, values);

  const served: ServedBrick[] = [];
  try {
    for (const brick of bricks)
      served.push({ ...brick, store: await openStore(brick, values.memory === true) });
    const server = await createBrickServer({
      bricks: served.map(({ name, store }) => ({ name, store })),
      scheduler: nodeScheduler,
      options,
      log: log.brick,
    });
    const noMoreUsage = tellUsageOnSignal(() => server.bricks.values(), log);
    try {
      const listener = await transport.listen(address, (connection) => server.accept(connection));
      announce(values, log, listener.address, served);
      const reason = await ended;
      log.program({ event: "stopping", reason });
      await listener.close();
    } finally {
      await server.close();
      noMoreUsage();
    }
  } finally {
    await Promise.all(served.map(({ store }) => store.close()));
  }
  log.program({ event: "stopped" });
  return ExitCode.done;
}

function announce(
  values: ServeOptionValues,
  log: EventLog,
  address: string,
  served: readonly ServedBrick[],
): void {
  const bricks = served.map(({ name, directory, store }) => ({
    name,
    directory: values.memory ? null : directory,
    id: store.id,
  }));
  log.program({ event: "listening", address, bricks });
  if (values.json) return;
  for (const { name, directory } of bricks) {
    process.stdout.write(
      `brick "${name}" ${directory === null ? "in memory" : `in ${directory}`} listens on ${address}\n`,
    );
  }
}

function parseBricks(texts: readonly string[]): BrickArgument[] {
  if (texts.length === 0)
    throw new UsageError("name at least one brick: --brick NAME=DIR, or a volume: --volume NAME --brick DIR");
  const bricks = texts.map(parseBrickArgument);
  for (const key of ["name", "directory"] as const) {
    const twice = bricks.find(
      (brick, index) => bricks.findIndex((other) => other[key] === brick[key]) !== index,
    );
    if (twice !== undefined) throw new UsageError(`two bricks have the same ${key}, "${twice[key]}"`);
  }
  return bricks;
}

async function openStore(brick: BrickArgument, isMemory: boolean): Promise<BrickStore> {
  return isMemory ? createMemoryStore() : openDiskStore({ directory: brick.directory });
}

/** How long an end in order may take when the parent is gone, in ms: nobody is there to end it at once. */
const ORPHAN_END_MS_MAX = 20_000;

/** Resolves with what asked the program to end. A second signal ends it at once. */
function firstSignal(watchStdin: boolean): Promise<string> {
  return new Promise<string>((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(ExitCode.failed);
        asked = true;
        resolve(signal);
      });
    }
    if (!watchStdin) return;
    const onClose = () => {
      setTimeout(() => process.exit(ExitCode.failed), ORPHAN_END_MS_MAX).unref();
      resolve("standard input is closed");
    };
    const stdin: NodeJS.ReadStream & { unref?: () => unknown } = process.stdin;
    stdin.once("close", onClose).resume();
    // One that stays open must not keep the process from ending.
    stdin.unref?.();
  });
}
