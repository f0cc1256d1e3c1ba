import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, succeed } from "../interop/support/command.js";
import { macrosOf, type ModelCase } from "./model-case.js";

/** Most memory of one search, in MiB. Two run at a time in CI, within 4 GiB. */
const MEMORY_MIB_MAX = 1_900;
const LARGE_MEMORY_MIB_MAX = 7_500;
const DEPTH_MAX = 1_000_000;

/** What a search found. */
export interface Found {
  readonly isBroken: boolean;
  readonly states: number;
  readonly depth: number;
  readonly memoryMib: number;
  readonly seconds: number;
  /** Bits of the hash table for each state, of a search that is not exhaustive: the more, the fewer states were missed. */
  readonly hashFactor: number | undefined;
  /** Statements of the model that were never reached; those that say which claim is broken are left out. */
  readonly unreached: readonly string[];
  /** The lines that the model prints on the way to a broken claim. */
  readonly trail: readonly string[];
}

/**
 * Has SPIN search a case to its end. One that is to break is searched breadth-first, so that its trail is a shortest one.
 * @throws Error when the search did not come to an end within its bounds, or anything else went wrong.
 */
export async function search(one: ModelCase): Promise<Found> {
  const cwd = await mkdtemp(join(tmpdir(), "brickshift-model-"));
  try {
    const models = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".pml"));
    for (const name of models) await copyFile(join(import.meta.dirname, name), join(cwd, name));
    const file = `${one.model}.pml`;
    await succeed("spin", [...macrosOf(one), "-a", file], { cwd });
    await succeed("gcc", [...compilerOptions(one), "-o", "pan", "pan.c"], { cwd });
    const bits = one.bits === undefined ? [] : [`-w${one.bits}`];
    const { code, stdout, stderr } = await run("./pan", [`-m${DEPTH_MAX}`, ...bits], { cwd });
    const isBroken = code === 0 && number(stdout, /errors: (\d+)/) > 0;
    // A search that found a broken claim ends there, and says so.
    if (code !== 0 || (!isBroken && /Search not completed|too small|out of memory/.test(stdout))) {
      throw new Error(`the search of ${one.title} ended early, with ${code}: ${stdout}${stderr}`);
    }
    const trail = isBroken ? await replay(one, file, cwd) : [];
    return { ...figures(stdout), isBroken, trail, unreached: unreached(stdout) };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

function compilerOptions({ verdict, bits, isLarge }: ModelCase): string[] {
  const memory = `-DMEMLIM=${isLarge === true ? LARGE_MEMORY_MIB_MAX : MEMORY_MIB_MAX}`;
  const how = verdict === "breaks" ? "-DBFS" : bits === undefined ? "-DCOLLAPSE" : "-DBITSTATE";
  return ["-w", verdict === "breaks" ? "-O1" : "-O2", "-DSAFETY", memory, how];
}

function figures(stdout: string) {
  return {
    states: number(stdout, /(\d+) states, stored/),
    depth: number(stdout, /depth reached (\d+)/),
    memoryMib: number(stdout, /([\d.]+)\s+(?:memory used \(total\)|total actual memory usage)/),
    seconds: number(stdout, /elapsed time ([\d.e+-]+)/),
    hashFactor: /hash factor: ([\d.]+)/.test(stdout) ? number(stdout, /hash factor: ([\d.]+)/) : undefined,
  };
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in what the search says: ${text}`);
  return Number(found);
}

function unreached(stdout: string): string[] {
  return [...stdout.matchAll(/^\t(\w+\.pml:\d+), state \d+, (".*")$/gm)].flatMap(([, place, statement]) =>
    /CLAIM|^"(-end-|assert)/.test(statement ?? "") ? [] : [`${place} ${statement}`],
  );
}

/** Replays the trail; the model prints what happens, each line with who does it first. */
async function replay(one: ModelCase, file: string, cwd: string): Promise<string[]> {
  const said = await succeed("spin", [...macrosOf(one), "-t", "-T", file], { cwd });
  // SPIN compares times of files to the second, and warns of a model that was copied in the second of its trail.
  const end = said.search(/^spin: (?!warning)/m);
  return said
    .slice(0, end < 0 ? undefined : end)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("spin: warning"));
}
