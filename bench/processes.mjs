import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const TOUCH_BLOCK_BYTES = 2 ** 28;

const cli = (app) => fileURLToPath(new URL(`../apps/${app}/dist/cli.js`, import.meta.url));

/** Starts one brick emulator on a free loopback port; resolves with its URL, its pid and a way to stop it. */
export async function startBrick(name, directory) {
  const child = spawn(
    process.execPath,
    [cli("brick-emulator"), "serve", "--brick", `${name}=${directory}`, "--listen", "127.0.0.1:0", "--json"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "listening") resolve(event.address);
    });
    void exited.then((code) => reject(new Error(`brick ${name} ended with ${code}`)));
  });
  return {
    url: `${address.replace(/^tcp:/, "gluster:")}/${name}`,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Runs `rebalance-runner …args --json` to its end and resolves with its last event. */
export async function runner(...args) {
  const child = spawn(process.execPath, [cli("rebalance-runner"), ...args, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last;
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = JSON.parse(line);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (last?.event !== "report" && args[0] !== "demo-fill")
    throw new Error(`rebalance-runner ${args[0]} ended with ${code}`);
  return last;
}

/** Wall seconds of a command, which must succeed. */
export function timed(command, ...args) {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  return (performance.now() - startedAt) / 1_000;
}

/**
 * Makes a fair start: nothing waits to be written to the disk, the page cache is empty where that is allowed, and as much free
 * memory as `bytes` was in use a moment ago. A virtual machine that hands free memory back to its host waits for each page that
 * it needs again: whoever comes after a deletion is up to three times as fast (measured).
 */
export function settle(bytes = 0) {
  spawnSync("sync");
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3");
  } catch {
    // Not root, or not Linux: the caches stay warm for everybody.
  }
  const blocks = Math.ceil(bytes / TOUCH_BLOCK_BYTES);
  const touch = `const held = []; while (held.length < ${blocks}) held.push(Buffer.alloc(${TOUCH_BLOCK_BYTES}, 1));`;
  if (blocks > 0) spawnSync(process.execPath, ["-e", touch], { stdio: "inherit" });
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
