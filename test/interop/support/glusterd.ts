import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { run, succeed, until } from "./command.js";
import type { Scratch } from "./scratch.js";

/** A glusterd in a network of its own, with one volume of one brick. */
export interface Glusterd {
  readonly host: string;
  /** The brick's name, which is its directory. */
  readonly brick: string;
  /** Runs `gluster` there. */
  gluster(...args: readonly string[]): Promise<string>;
}

let started = 0;

/**
 * Starts glusterd in a network namespace, since it and its bricks count on port 24007, and a volume `v`. All its files
 * are in the scratch directory. Needs root.
 */
export async function startGlusterd(scratch: Scratch): Promise<Glusterd> {
  started += 1;
  const id = `bs${process.pid}-${started}`;
  const [here, there, net] = [`${id}h`, `${id}t`, `10.${200 + started}.${process.pid % 250}`];
  const host = `${net}.2`;
  const inside = (command: string, ...args: readonly string[]) =>
    succeed("ip", ["netns", "exec", id, command, ...args]);
  await succeed("ip", ["netns", "add", id]);
  scratch.onEnd(async () => void (await run("ip", ["netns", "del", id])));
  await succeed("ip", ["link", "add", here, "type", "veth", "peer", "name", there]);
  scratch.onEnd(async () => void (await run("ip", ["link", "del", here])));
  await succeed("ip", ["link", "set", there, "netns", id]);
  await succeed("ip", ["addr", "add", `${net}.1/30`, "dev", here]);
  await succeed("ip", ["link", "set", here, "up"]);
  await inside("ip", "addr", "add", `${host}/30`, "dev", there);
  await inside("ip", "link", "set", there, "up");
  await inside("ip", "link", "set", "lo", "up");

  const socket = scratch.path("glusterd.socket");
  const directories = ["glusterd", "glusterd-run", "glusterd-brick"].map((name) => scratch.path(name));
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  const [working, running, brick] = directories as [string, string, string];
  const volfile = scratch.path("glusterd.vol");
  writeFileSync(
    volfile,
    `volume management
    type mgmt/glusterd
    option working-directory ${working}
    option run-directory ${running}
    option glusterd-sockfile ${socket}
    option transport-type socket
    option transport.socket.listen-port 24007
    option ping-timeout 0
end-volume
`,
  );
  const [log, pid] = [scratch.path("glusterd.log"), scratch.path("glusterd.pid")];
  const daemon = ["netns", "exec", id, "glusterd", "-N", "-f", volfile, "-l", log, "-p", pid];
  const child = spawn("ip", daemon, { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  scratch.onEnd(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const gluster = (...args: readonly string[]) =>
    inside("gluster", `--glusterd-sock=${socket}`, "--mode=script", ...args);
  await until("glusterd", async () => {
    const { code } = await run("ip", [
      "netns",
      "exec",
      id,
      "gluster",
      `--glusterd-sock=${socket}`,
      "pool",
      "list",
    ]);
    return code === 0;
  });
  await gluster("volume", "create", "v", `${host}:${brick}`, "force");
  scratch.onEnd(async () => {
    await gluster("volume", "stop", "v", "force").catch(() => {});
  });
  await gluster("volume", "start", "v");
  return { host, brick, gluster };
}
