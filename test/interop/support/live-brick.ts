import { randomUUID } from "node:crypto";
import { startEmulatorWith } from "./emulator.js";
import { freePort } from "./free-port.js";
import type { MountedBrick } from "./fuse-mount.js";
import type { Scratch } from "./scratch.js";
import { startStockBrick } from "./stock-brick.js";

/** A brick, ours or stock, that is stopped and started under its clients: at one port, with one directory. */
export interface LiveBrick extends MountedBrick {
  readonly directory: string;
  /** Sends a signal, and does not wait for what comes of it: `SIGSTOP`, `SIGCONT`. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it; by default as the out-of-memory killer would. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

/** Starts one. `name` is that of the brick and of its directory below the scratch directory. */
export type StartLiveBrick = (
  scratch: Scratch,
  name: string,
  directory?: string,
) => Promise<LiveBrick & { readonly kind: "ours" | "stock" }>;

const startOurs: StartLiveBrick = async (scratch, name, directory = scratch.path(`ours-${name}`)) => {
  const port = await freePort();
  const args = ["--brick", `${name}=${directory}`, "--listen", `127.0.0.1:${port}`];
  let running = await startEmulatorWith(scratch, args);
  return {
    ...{ kind: "ours", name, port, directory },
    signal: (signal) => running.signal(signal),
    stop: async (signal = "SIGKILL") => void (await running.stop(signal)),
    start: async () => void (running = await startEmulatorWith(scratch, args)),
  };
};

const startStock: StartLiveBrick = async (scratch, name, directory = scratch.path(`stock-${name}`)) => {
  const options = { name, directory, port: await freePort(), volumeId: randomUUID() };
  let running = await startStockBrick(scratch, options);
  return {
    ...{ kind: "stock", name, port: options.port, directory },
    signal: (signal) => running.signal(signal),
    stop: (signal = "SIGKILL") => running.stop(signal),
    start: async () => void (running = await startStockBrick(scratch, options)),
  };
};

/** Both kinds, in the order of `describe.each`. */
export const liveBrickKinds = [
  ["an emulated brick", startOurs],
  ["a stock brick", startStock],
] as const;

/** Does the same on a brick of each kind: what came of it on ours, and on the stock one. */
export async function onBothKinds<T>(
  act: (start: StartLiveBrick) => Promise<T>,
): Promise<{ readonly ours: T; readonly stock: T }> {
  return { ours: await act(startOurs), stock: await act(startStock) };
}
