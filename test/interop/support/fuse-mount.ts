import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { run, succeed, until } from "./command.js";
import { outcome } from "./outcome.js";
import type { Scratch } from "./scratch.js";

/** A brick as a client volfile names it. */
export interface MountedBrick {
  readonly port: number;
  /** `remote-subvolume`. */
  readonly name: string;
  /** Name of the subvolume, which link files hold; `name` by default. */
  readonly subvolume?: string;
}

/** Mounted so that attributes and names are the bricks', not what the kernel remembers. */
export const uncached = ["--attribute-timeout=0", "--entry-timeout=0", "--negative-timeout=0"];

/** A FUSE mount by the stock client. */
export interface FuseMount {
  readonly path: string;
  log(): string;
  unmount(): Promise<void>;
  /** Kills its process, as a crash of the client's machine would. */
  kill(): Promise<void>;
}

/**
 * A client volfile: the bricks, distributed when they are several, without performance translators.
 * @param options of `protocol/client`, beside its usual ones
 */
export function clientVolfile(
  bricks: readonly MountedBrick[],
  options: Readonly<Record<string, string | number>> = {},
): string {
  const subvolumes = bricks.map((brick) => brick.subvolume ?? brick.name);
  const sections = bricks.map(
    (brick) => `volume ${brick.subvolume ?? brick.name}
    type protocol/client
    option transport-type tcp
    option transport.address-family inet
    option remote-host 127.0.0.1
    option remote-port ${brick.port}
    option remote-subvolume ${brick.name}
${Object.entries({ "ping-timeout": 42, ...options })
  .map(([option, value]) => `    option ${option} ${value}\n`)
  .join("")}end-volume
`,
  );
  if (bricks.length > 1) {
    sections.push(
      `volume distribute\n    type cluster/distribute\n    subvolumes ${subvolumes.join(" ")}\nend-volume\n`,
    );
  }
  return sections.join("\n");
}

/** Mounts with a volfile. `path` below the scratch directory; `flags` of glusterfs, such as `--acl`. */
export async function mountVolfile(
  scratch: Scratch,
  volfile: string,
  name = "mnt",
  flags: readonly string[] = [],
): Promise<FuseMount> {
  const file = scratch.path(`${name}.vol`);
  writeFileSync(file, volfile);
  return mountWith(scratch, name, (path, log) =>
    succeed("glusterfs", ["-f", file, "-l", log, ...flags, path]),
  );
}

/** Mounts as users do, from a volfile server; `more` options of the mount command. */
export async function mountVolume(
  scratch: Scratch,
  server: { readonly host: string; readonly port: number; readonly volume: string },
  name = "mnt",
  more: readonly string[] = [],
): Promise<FuseMount> {
  const { host, port, volume } = server;
  return mountWith(scratch, name, (path, log) =>
    succeed("mount", [
      "-t",
      "glusterfs",
      "-o",
      [`server-port=${port}`, `log-file=${log}`, ...more].join(","),
      `${host}:/${volume}`,
      path,
    ]),
  );
}

/** Resolves once the client has a session with each of its bricks, which it does not wait for when it mounts. */
export async function connectedToAll(mount: FuseMount, bricks: readonly MountedBrick[]): Promise<void> {
  const isConnected = ({ subvolume, name }: MountedBrick) => {
    const state = `${mount.path}/.meta/graphs/active/${subvolume ?? name}/private`;
    return /^connected = 1$/m.test(outcome(() => readFileSync(state, "utf8")));
  };
  await until(`${bricks.length} bricks`, () => bricks.every(isConnected));
}

async function mountWith(
  scratch: Scratch,
  name: string,
  mount: (path: string, log: string) => Promise<unknown>,
): Promise<FuseMount> {
  const path = scratch.path(name);
  const log = scratch.path(`${name}.log`);
  mkdirSync(path, { recursive: true });
  let isMounted = true;
  const unmount = async () => {
    if (!isMounted) return;
    isMounted = false;
    // A client that is refused takes its mount away itself.
    if (!readFileSync("/proc/self/mounts", "utf8").includes(` ${path} `)) return;
    const { code } = await run("umount", [path]);
    if (code !== 0) await succeed("umount", ["-l", path]);
  };
  scratch.onEnd(unmount);
  await mount(path, log);
  await until(`the mount at ${path}`, () => {
    try {
      return statSync(path).ino === 1;
    } catch {
      return false;
    }
  });
  const kill = async () => {
    // Its log is its own, and so finds its process among those of others.
    const pids = (await succeed("pgrep", ["-f", "--", `-l ${log} `])).trim().split("\n");
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
  };
  return { path, log: () => readFileSync(log, "utf8"), unmount, kill };
}
