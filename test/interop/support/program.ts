import { spawn, type SpawnOptions } from "node:child_process";

/** How a program runs, besides its command line. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which then ends. */
  readonly input?: string;
  /** As which user; only root may say. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** After this long it hangs, and that is its failure. */
  readonly timeoutMs?: number;
}

/** What a program printed. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_BYTES_MAX = 64 * 1_048_576;

/**
 * Runs a program that nobody here wrote until it succeeds. It fails for any other end, and after `timeoutMs` without waiting
 * for the process: whoever waits for a file system that does not answer cannot be killed.
 */
export async function program(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramOutput> {
  const { code, stdout, stderr } = await programEnd(command, args, options);
  if (code !== 0) throw new Error(`${lineOf(command, args)} ended with ${code}:\n${stderr}\n${stdout}`);
  return { stdout, stderr };
}

/** As {@link program}, for one that is expected to fail: its exit code, or the signal that ended it, beside what it printed. */
export function programEnd(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramOutput & { readonly code: number | NodeJS.Signals | null }> {
  const { cwd, env, input, as, timeoutMs = 300_000 } = options;
  const settings: SpawnOptions = { cwd, env: { ...process.env, ...env }, ...as };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, settings);
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Buffer) => {
        if (texts[name].length < OUTPUT_BYTES_MAX) texts[name] += chunk.toString();
      });
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      child.unref();
      reject(
        new Error(`${lineOf(command, args)} hung for ${timeoutMs} ms:\n${texts.stderr}\n${texts.stdout}`),
      );
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal, ...texts });
    });
    // A program that ends before it has read everything says so by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

function lineOf(command: string, args: readonly string[]): string {
  return [command, ...args].join(" ");
}
