/**
 * Breaks each safety rule of rules.json, or those that are named, one at a time in a build of its own, and runs the simulation
 * on it, a minute at most: it must fail. Prints after how many runs it did.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const rules = JSON.parse(readFileSync(join(import.meta.dirname, "rules.json"), "utf8"));
const named = process.argv.slice(2);
let unnoticed = 0;
const chosen = rules.filter((other) => named.length === 0 || named.includes(other.name));
for (const { name, rule } of chosen) {
  const outDir = mkdtempSync(join(tmpdir(), "brickshift-mutation-"));
  const env = { ...process.env, BRICKSHIFT_RULE: name, BRICKSHIFT_OUT: outDir };
  const config = join(root, "test/mutation/tsup.config.ts");
  const built = spawnSync(join(root, "node_modules/.bin/tsup"), ["--config", config, "--silent"], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (built.status !== 0) {
    unnoticed += 1;
    process.stdout.write(`${name.padEnd(22)} DOES NOT BUILD: ${/rule .*|ERROR.*/.exec(built.stderr)?.[0]}\n`);
    continue;
  }
  const minutes = process.env.BRICKSHIFT_MUTATION_MINUTES ?? "1";
  const args = [join(outDir, "sim.mjs"), "--minutes", minutes, "--failures-max", "1", "--quick"];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  rmSync(outDir, { recursive: true });
  const runs = /^(\d+) runs/m.exec(stdout)?.[1] ?? "?";
  const command = /^FAILS: (.*)$/m.exec(stdout)?.[1] ?? "";
  const why = /^ {2}(.*)$/m.exec(stdout)?.[1]?.slice(0, 100) ?? "";
  if (status === 0) unnoticed += 1;
  const outcome = status === 0 ? `NOT NOTICED in ${runs} runs` : `fails in run ${runs}: ${command}: ${why}`;
  process.stdout.write(`${name.padEnd(22)} ${outcome}\n${" ".repeat(22)} (${rule})\n`);
}
process.exitCode = unnoticed > 0 ? 1 : 0;
