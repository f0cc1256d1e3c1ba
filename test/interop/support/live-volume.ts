import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Emulator, startEmulatorWith } from "./emulator.js";
import { freePort } from "./free-port.js";
import { clientVolfile, mountVolfile } from "./fuse-mount.js";
import { program } from "./program.js";
import type { Scratch } from "./scratch.js";

const cli = fileURLToPath(new URL("../../../apps/brick-emulator/dist/cli.js", import.meta.url));
const bricks = ["b0", "b1"] as const;

/** A distributed volume of two emulated bricks with disk stores, mounted by the stock client. */
export interface LiveVolume {
  /** The mount. */
  readonly path: string;
  /** Kills the bricks as a power switch would kill their process. */
  kill(): Promise<void>;
  /** Starts them again on the same directories and the same port. */
  restart(): Promise<void>;
  /** Unmounts, ends the bricks in order, and fails unless each store is whole and nothing was logged as a fault. */
  finish(): Promise<void>;
}

/** Starts and mounts one. What a failed test leaves is ended bricks first, so that nobody waits for them. */
export async function startLiveVolume(
  scratch: Scratch,
  { withAcls = false }: { readonly withAcls?: boolean } = {},
): Promise<LiveVolume> {
  // Programs that run as other users have to reach the mount.
  chmodSync(scratch.directory, 0o755);
  const port = await freePort();
  const named = bricks.flatMap((name) => ["--brick", `${name}=${scratch.path(name)}`]);
  const args = [...named, "--listen", `127.0.0.1:${port}`];
  const emulators: Emulator[] = [await startEmulatorWith(scratch, args)];
  const current = () => emulators.at(-1) as Emulator;
  // The client gives up no brick of a machine that stands still: what programs find is what is asked, however long it takes.
  const volfile = clientVolfile(
    bricks.map((name) => ({ name, port })),
    { "ping-timeout": 1_000 },
  );
  const mount = await mountVolfile(scratch, volfile, "mnt", withAcls ? ["--acl"] : []);
  scratch.onEnd(async () => void (await current().stop("SIGKILL")));
  return {
    path: mount.path,
    async kill() {
      await current().stop("SIGKILL");
    },
    async restart() {
      emulators.push(await startEmulatorWith(scratch, args));
    },
    async finish() {
      await mount.unmount();
      const end = await current().stop();
      if (end !== 0) throw new Error(`the bricks ended with ${end}`);
      const faults = emulators.flatMap(({ events }) => events.filter(({ event }) => event === "fault"));
      if (faults.length > 0) throw new Error(`the bricks had faults: ${JSON.stringify(faults.slice(0, 5))}`);
      for (const name of bricks) await program(process.execPath, [cli, "fsck", "--json", scratch.path(name)]);
    },
  };
}
