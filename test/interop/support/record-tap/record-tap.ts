import { fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import type { Scratch } from "../scratch.js";
import type { TapReport } from "./tap-report.js";

/** A proxy in front of a brick that looks at every record. */
export interface RecordTap {
  /** Where clients connect instead of to the brick. */
  readonly port: number;
  /** What it saw so far. */
  report(): Promise<TapReport>;
}

/** Whether the fixtures put a tap in front of every brick that they start. */
export const isTapWanted = (process.env["BRICKSHIFT_TAP"] ?? "") !== "";

const bundles = new WeakMap<Scratch, Promise<string>>();

/**
 * Puts a proxy in front of the brick at a loopback port. It hands every byte on as it came, decodes every record of
 * both sides strictly and encodes it again. The end of the scratch fails when one of them was not the same.
 * @param sessions directory for a file of each connection with what its client sent.
 */
export async function startRecordTap(
  scratch: Scratch,
  targetPort: number,
  sessions?: string,
): Promise<RecordTap> {
  const bundle = bundles.get(scratch) ?? bundleTap(scratch);
  bundles.set(scratch, bundle);
  if (sessions !== undefined) mkdirSync(sessions, { recursive: true });
  const child = fork(await bundle, [String(targetPort), sessions ?? ""], { execArgv: [], stdio: "inherit" });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const answer = <T>(key: string) =>
    new Promise<T>((resolve, reject) => {
      child.once("message", (message) => resolve((message as Record<string, T>)[key] as T));
      void exited.then(() => reject(new Error("the tap has ended")));
    });
  let last: Promise<unknown> = Promise.resolve();
  const report = () => {
    // One question at a time: answers carry no name.
    const asked = last.then(() => {
      const reported = answer<TapReport>("report");
      child.send("report");
      return reported;
    });
    last = asked.catch(() => {});
    return asked;
  };
  scratch.onEnd(async () => {
    const { mismatches, mismatchCount } = await report();
    child.disconnect();
    await exited;
    if (mismatchCount > 0) {
      throw new Error(`${mismatchCount} records were not the same again: ${JSON.stringify(mismatches)}`);
    }
  });
  return { port: await answer<number>("port"), report };
}

async function bundleTap(scratch: Scratch): Promise<string> {
  const outDir = scratch.path("record-tap");
  await build({
    entry: { tap: fileURLToPath(new URL("tap-main.ts", import.meta.url)) },
    outDir,
    outExtension: () => ({ js: ".mjs" }),
    format: ["esm"],
    target: "node20",
    platform: "node",
    config: false,
    silent: true,
    clean: false,
    noExternal: [/^@brickshift/, "zod"],
    esbuildOptions(options) {
      options.conditions = ["@brickshift/source", "node", "import"];
    },
  });
  return `${outDir}/tap.mjs`;
}
