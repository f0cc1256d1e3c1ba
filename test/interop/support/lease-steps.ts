import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { succeed } from "./command.js";
import { clientVolfile, type MountedBrick } from "./fuse-mount.js";
import type { Scratch } from "./scratch.js";

const source = fileURLToPath(new URL("../gfapi/lease-steps.c", import.meta.url));

/** Compiles the program of gfapi clients, see its source for the steps; its path. */
export async function compileLeaseSteps(scratch: Scratch): Promise<string> {
  const program = scratch.path("lease-steps");
  const flags = ["-D_FILE_OFFSET_BITS=64", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1"];
  await succeed("gcc", [...flags, "-o", program, source, "-lgfapi"]);
  return program;
}

/** Runs each script on a file of its own, by clients `a`, `b` and `c` of the brick in one process; the answers to its steps. */
export async function runLeaseSteps(
  scratch: Scratch,
  program: string,
  brick: MountedBrick,
  scripts: readonly (readonly string[])[],
): Promise<string[][]> {
  const volfile = scratch.path(`${brick.name}-client.vol`);
  writeFileSync(volfile, clientVolfile([brick]));
  const connects = ["a", "b", "c"].map((client) => `connect ${client} ${volfile}`);
  const run = `run-${process.hrtime.bigint()}`;
  const lines = [...connects, ...scripts.flatMap((steps, index) => [`file ${run}-${index}`, ...steps])];
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  scratch.onEnd(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(`${lines.join("\n")}\n`);
  const code = await new Promise((resolve) => child.once("close", resolve));
  const answers = output.trimEnd().split("\n");
  if (code !== 0 || answers.length !== lines.length) {
    throw new Error(`ended with ${String(code)} after "${lines[answers.length]}": ${answers.at(-1)}`);
  }
  const made = answers.splice(0, connects.length);
  const all = scripts.map((steps) => {
    made.push(...answers.splice(0, 1));
    return answers.splice(0, steps.length);
  });
  if (made.some((answer) => answer !== "ok 0")) throw new Error("a client or a file was not made");
  return all;
}
