/**
 * Changes that a program makes wherever it can, to the packages whose state machines decide what is lost, and which of them the
 * unit tests notice. Writes the scores to `docs/results/stryker.json`, and what was not noticed to `.stryker/<package>.log`.
 *
 *   node test/mutation/general/run.mjs
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";

const names = ["lease-manager", "transaction"];
const config = "test/mutation/general/stryker.config.mjs";

/** Runs Stryker on one package. What an earlier run found out and no change of code or tests touches is not tried again. */
function mutate(name) {
  mkdirSync(".stryker", { recursive: true });
  const log = openSync(`.stryker/${name}.log`, "w");
  const env = { ...process.env, BRICKSHIFT_PACKAGE: name };
  const { status } = spawnSync("node_modules/.bin/stryker", ["run", config], {
    env,
    stdio: ["ignore", log, log],
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status}: see .stryker/${name}.log`);
  return JSON.parse(readFileSync(`.stryker/${name}.json`, "utf8"));
}

/** `killed` counts what was noticed, by a failed test or (`timeout`) by never ending; `survived` the others, run by no test (`noCoverage`) included. */
function counted(mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count("Killed", "Timeout");
  const survived = count("Survived", "NoCoverage");
  return {
    mutants: killed + survived,
    killed,
    survived,
    timeout: count("Timeout"),
    noCoverage: count("NoCoverage"),
    score: Math.round((killed / (killed + survived)) * 1_000) / 10,
  };
}

const packages = names.map((name) => {
  const { files } = mutate(name);
  const found = Object.entries(files).filter(([, { mutants }]) => mutants.length > 0);
  const all = { name, ...counted(found.flatMap(([, { mutants }]) => mutants)) };
  const { killed, survived, score } = all;
  process.stdout.write(`${name}: ${score} %, ${killed} noticed, ${survived} not: see .stryker/${name}.log\n`);
  return { ...all, files: found.map(([file, { mutants }]) => ({ file, ...counted(mutants) })) };
});
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const date = new Date().toISOString().slice(0, 10);
writeFileSync("docs/results/stryker.json", `${JSON.stringify({ commit, date, packages }, undefined, 2)}\n`);
