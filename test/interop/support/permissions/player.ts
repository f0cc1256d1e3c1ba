import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { succeed } from "../command.js";
import type { Scratch } from "../scratch.js";

const source = fileURLToPath(new URL("play.c", import.meta.url));

/** Compiles the player; where it is. */
export async function compilePlayer(scratch: Scratch): Promise<string> {
  const player = scratch.path("play");
  await succeed("gcc", ["-O1", "-Wall", "-Werror", "-o", player, source]);
  return player;
}

/** Plays a script below a directory: a line for each line, its errno first. */
export async function play(player: string, directory: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn(player, [directory], { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("latin1").on("data", (chunk: string) => (output += chunk));
  child.stdin.end(Buffer.from(`${lines.join("\n")}\n`, "latin1"));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the player ended with ${code} after ${output.split("\n").length} lines`);
  return output.trimEnd().split("\n");
}
