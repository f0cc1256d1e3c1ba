/**
 * Runs the demo without protection until it has lost a write, five times at most, and fails when it never does: a check
 * that cannot fail proves nothing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cli = new URL("../apps/rebalance-runner/dist/cli.js", import.meta.url).pathname;
for (let attempt = 1; attempt <= 5; attempt += 1) {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-control-"));
  const args = [
    "demo",
    "--from",
    ".ci",
    "--large-files",
    "2",
    "--large-bytes",
    "33554432",
    "--writers",
    "4",
    "--rate",
    "400",
  ];
  const { stdout } = spawnSync(
    process.execPath,
    [cli, ...args, "--dir", join(directory, "demo"), "--protection", "none", "--json"],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  rmSync(directory, { recursive: true, force: true });
  const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  console.log(`control, attempt ${attempt}: lost writes ${report.lostWrites}`);
  if (report.lostWrites > 0) process.exit(0);
}
console.error("the control lost no write in five attempts: it proves nothing");
process.exit(1);
