import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Programs, projectRoot } from "./processes/programs.js";

/** Builds the programs without one rule of `test/mutation`. @throws Error when they cannot be built. */
export function buildWithout(rule: string): Programs {
  const directory = join(projectRoot, "test/chaos/dist/mutant");
  const { status, stderr } = spawnSync(
    join(projectRoot, "node_modules/.bin/tsup"),
    ["--config", "test/chaos/mutant.tsup.config.ts", "--silent"],
    {
      cwd: projectRoot,
      env: { ...process.env, BRICKSHIFT_MUTANT: rule, BRICKSHIFT_OUT: directory },
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`the programs were not built without that rule: ${stderr.slice(-2_000)}`);
  return { brick: join(directory, "brick.mjs"), runner: join(directory, "runner.mjs") };
}
