import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { MUTANT } from "./mutate.js";

/** So many seeds take about a minute of one processor. */
const SEEDS = 200;

/** What a run of the simulation without `rule` fails by. @throws Error when it cannot be built. */
export function failingRun(root: string, rule: string, scratch: string): string | undefined {
  const built = spawnSync(
    "node_modules/.bin/tsup",
    ["--config", "test/mutation/tsup.config.ts", "--silent"],
    {
      cwd: root,
      env: { ...process.env, [MUTANT]: rule, BRICKSHIFT_OUT: scratch },
      encoding: "utf8",
    },
  );
  if (built.status !== 0) throw new Error(`the simulation was not built: ${built.stderr.slice(-2_000)}`);
  const args = [join(scratch, "sim.mjs"), "--seeds", String(SEEDS), "--failures-max", "1", "--quick"];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status === 0) return undefined;
  const command = /^FAILS: (.*)$/m.exec(stdout)?.[1];
  if (command === undefined) throw new Error(`the simulation ended with ${status}: ${stdout.slice(-2_000)}`);
  return `${command}: ${/^ {2}(.*)$/m.exec(stdout)?.[1]}`;
}
