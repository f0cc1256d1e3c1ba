import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { run, succeed, until } from "./command.js";
import type { Scratch } from "./scratch.js";

const host = "10.77.0.1";

/** A distribute volume of stock GlusterFS with its glusterd, bricks and mounts, apart from the machine's own. */
export interface StockVolume {
  /** Command that enters the volume's namespaces: its mounts are visible there only. */
  readonly prefix: readonly string[];
  readonly mountPath: string;
  /** Directories of the bricks, visible from outside, too. */
  readonly bricks: readonly string[];
  gluster(...args: readonly string[]): Promise<string>;
  mount(): Promise<void>;
  unmount(): Promise<void>;
  /** Which brick holds the data of a file in the root. */
  readonly brickOf: (name: string) => number;
}

/**
 * Starts glusterd in namespaces of its own for network, mounts and processes: it listens at its usual port and keeps its
 * state in its usual places without touching those of the machine, and all that it starts ends with it.
 */
export async function startStockVolume(
  scratch: Scratch,
  options: Readonly<Record<string, string>>,
): Promise<StockVolume> {
  const directory = scratch.path("volume");
  const mountPath = scratch.path("volume", "mnt");
  const bricks = ["b0", "b1"].map((name) => scratch.path("volume", name));
  for (const path of [...bricks, mountPath]) mkdirSync(path, { recursive: true });
  const setup = [
    "set -e",
    `ip link set lo up; ip addr add ${host}/32 dev lo`,
    "for place in /run /var/lib/glusterd /var/log/glusterfs; do mkdir -p $place; mount -t tmpfs tmpfs $place; done",
    "mkdir -p /run/gluster /var/log/glusterfs/bricks",
    `glusterd -p /run/glusterd.pid; touch '${directory}/ready'; exec sleep infinity`,
  ];
  const flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn("unshare", [...flags, "sh", "-c", setup.join("\n")], { stdio: "ignore" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  scratch.onEnd(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  await until("glusterd", () => {
    if (child.exitCode !== null) throw new Error("glusterd's namespaces could not be made");
    return readdirSync(directory).includes("ready");
  });
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  const prefix = ["nsenter", "-t", inside, "-n", "-m", "-p", "--"];
  const enter = (...args: readonly string[]) => succeed("nsenter", [...prefix.slice(1), ...args]);
  const gluster = (...args: readonly string[]) => enter("gluster", "--mode=script", ...args);
  await until("glusterd", async () => {
    const { code } = await run("nsenter", [...prefix.slice(1), "gluster", "volume", "info"]);
    return code === 0;
  });
  await gluster("volume", "create", "vol", ...bricks.map((brick) => `${host}:${brick}`), "force");
  for (const [key, value] of Object.entries(options)) await gluster("volume", "set", "vol", key, value);
  await gluster("volume", "start", "vol");
  return {
    prefix,
    mountPath,
    bricks,
    gluster,
    mount: async () => void (await enter("mount", "-t", "glusterfs", `${host}:/vol`, mountPath)),
    unmount: async () => void (await enter("umount", mountPath)),
    brickOf: (name) => bricks.findIndex((brick) => hasData(`${brick}/${name}`)),
  };
}

/** Options that leave of the client's translators those that {@link clientVolfile} has. */
export const withoutPerformance = Object.fromEntries(
  [
    "write-behind",
    "read-ahead",
    "io-cache",
    "quick-read",
    "open-behind",
    "stat-prefetch",
    "readdir-ahead",
  ].map((translator) => [`performance.${translator}`, "off"]),
);

/** A link file has no permission but the sticky bit. */
function hasData(path: string): boolean {
  const attributes = statSync(path, { throwIfNoEntry: false });
  return attributes !== undefined && (attributes.mode & 0o7777) !== 0o1000;
}
