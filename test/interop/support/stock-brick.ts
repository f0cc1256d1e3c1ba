import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { succeed, until } from "./command.js";
import { freePort, isListening } from "./free-port.js";
import { isTapWanted, startRecordTap } from "./record-tap/record-tap.js";
import type { Scratch } from "./scratch.js";

/** What a stock brick is made of, besides storage, locks and access control. */
export interface StockBrickOptions {
  readonly name: string;
  /** `features/leases`, with the recall timeout in seconds. */
  readonly leases?: { readonly recallSeconds: number };
  /** `features/upcall` with cache invalidation. */
  readonly upcall?: boolean;
  /** Lines for the `storage/posix` section, such as `option shared-brick-count 2`. */
  readonly storageOptions?: readonly string[];
  /** Lines for the `protocol/server` section, such as `option auth.login.…`. */
  readonly serverOptions?: readonly string[];
  readonly port?: number;
  /** Of a brick that is started again, as clients insist on it. */
  readonly volumeId?: string;
  /** Directory of the files; one of the scratch by default. */
  readonly directory?: string;
}

/** A running brick of stock GlusterFS, without glusterd. */
export interface StockBrick {
  readonly name: string;
  /** Where clients connect: with `BRICKSHIFT_TAP` set, to a tap that checks every record. */
  readonly port: number;
  readonly directory: string;
  readonly url: string;
  /** What it logged. */
  log(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts `glusterfsd` with a volfile of its own. */
export async function startStockBrick(scratch: Scratch, options: StockBrickOptions): Promise<StockBrick> {
  const { name } = options;
  const port = options.port ?? (await freePort());
  const directory = options.directory ?? scratch.path(`stock-${name}`);
  const log = scratch.path(`stock-${name}.log`);
  mkdirSync(directory, { recursive: true });
  const volumeId = options.volumeId ?? randomUUID();
  await succeed("setfattr", [
    "-n",
    "trusted.glusterfs.volume-id",
    "-v",
    `0x${volumeId.replaceAll("-", "")}`,
    directory,
  ]);
  const volfile = scratch.path(`stock-${name}.vol`);
  writeFileSync(volfile, brickVolfile({ ...options, port, directory, volumeId }));
  const child = spawn(
    "glusterfsd",
    ["-N", "-f", volfile, "-l", log, "-p", scratch.path(`stock-${name}.pid`)],
    {
      stdio: "ignore",
      // A core file, if it comes to that, goes with the rest.
      cwd: scratch.directory,
    },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    await exited;
  };
  scratch.onEnd(() => stop("SIGKILL"));
  await until(`stock brick ${name}`, () => {
    if (child.exitCode !== null) throw new Error(`stock brick ${name} ended: ${readFileSync(log, "utf8")}`);
    return isListening(port);
  });
  const reachedAt = isTapWanted ? (await startRecordTap(scratch, port)).port : port;
  return {
    name,
    port: reachedAt,
    directory,
    url: `gluster://127.0.0.1:${reachedAt}/${name}`,
    log: () => readFileSync(log, "utf8"),
    stop,
    signal: (signal) => void child.kill(signal),
  };
}

function brickVolfile(
  options: StockBrickOptions & {
    readonly port: number;
    readonly directory: string;
    readonly volumeId: string;
  },
): string {
  const { name, port, directory, volumeId, leases, upcall, serverOptions, storageOptions = [] } = options;
  const sections: string[] = [];
  let below: string | undefined;
  const add = (volume: string, type: string, lines: readonly string[]) => {
    const own = lines.map((line) => `    ${line}\n`).join("");
    const subvolumes = below === undefined ? "" : `    subvolumes ${below}\n`;
    sections.push(`volume ${volume}\n    type ${type}\n${own}${subvolumes}end-volume\n`);
    below = volume;
  };
  const place = [`option directory ${directory}`, `option volume-id ${volumeId}`];
  add(`${name}-posix`, "storage/posix", [...place, ...storageOptions]);
  add(`${name}-access-control`, "features/access-control", []);
  add(`${name}-locks`, "features/locks", []);
  if (leases !== undefined) {
    const timeout = `option lease-lock-recall-timeout ${leases.recallSeconds}`;
    add(`${name}-leases`, "features/leases", ["option leases on", timeout]);
  }
  if (upcall === true) add(`${name}-upcall`, "features/upcall", ["option cache-invalidation on"]);
  add(`${name}-io-threads`, "performance/io-threads", []);
  add(name, "debug/io-stats", []);
  add(`${name}-server`, "protocol/server", [
    "option transport-type tcp",
    "option transport.address-family inet",
    "option transport.socket.bind-address 127.0.0.1",
    `option transport.socket.listen-port ${port}`,
    ...(serverOptions ?? [`option auth.addr.${name}.allow *`]),
    `option auth-path ${name}`,
  ]);
  return sections.join("\n");
}
