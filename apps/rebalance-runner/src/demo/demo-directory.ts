import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CommandError, ExitCode } from "../exit-code.js";

/** The choices of a demo that a resumed one must share with the first. */
export const demoSettings = z.strictObject({
  fromDirectory: z.string().min(1),
  writers: z.int().min(0).max(64),
  ratePerSecond: z.number().min(0.1).max(100_000),
  largeFiles: z.int().min(0).max(1_000),
  largeBytes: z.int().min(0).multipleOf(8),
  protection: z.enum(["lease", "none"]),
  /** How long the writers run before the move begins, for the comparison. */
  baselineSeconds: z.number().min(0).max(600),
});
export type DemoSettings = Readonly<z.output<typeof demoSettings>>;

const savedState = z.strictObject({
  version: z.literal(1),
  filled: z.boolean(),
  symlinks: z.int().min(0).default(0),
  settings: demoSettings,
});

/** Everything that a demo leaves on disk, in one directory. */
export class DemoDirectory {
  readonly path: string;
  readonly settings: DemoSettings;
  #filled: boolean;
  #symlinks: number;

  private constructor(path: string, settings: DemoSettings, filled: boolean, symlinks: number) {
    this.path = path;
    this.settings = settings;
    this.#filled = filled;
    this.#symlinks = symlinks;
  }

  /** Starts a new demo in `path`, or in a new temporary directory. */
  static create(path: string | undefined, settings: DemoSettings): DemoDirectory {
    const directory = path === undefined ? mkdtempSync(join(tmpdir(), "brickshift-demo-")) : resolve(path);
    if (path !== undefined && existsSync(join(directory, "demo.json"))) {
      throw new CommandError(
        ExitCode.usage,
        `${directory} holds a demo already; go on with it by --resume --dir ${directory}, or choose another directory`,
      );
    }
    const demo = new DemoDirectory(directory, settings, false, 0);
    mkdirSync(join(directory, "acks"), { recursive: true });
    demo.#save();
    writeFileSync(lastDemoPointer(), directory);
    return demo;
  }

  /**
   * Opens a demo that was interrupted: the one in `path`, or the last one of this user.
   * @throws CommandError `usage` when there is none, `journal` when its record cannot be read.
   */
  static resume(path: string | undefined): DemoDirectory {
    const pointer = lastDemoPointer();
    const directory =
      path === undefined ? (existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : "") : resolve(path);
    const record = join(directory, "demo.json");
    if (directory === "" || !existsSync(record)) {
      throw new CommandError(
        ExitCode.usage,
        "there is no demo to resume; start one without --resume, or name its directory by --dir",
      );
    }
    try {
      const saved = savedState.parse(JSON.parse(readFileSync(record, "utf8")));
      return new DemoDirectory(directory, saved.settings, saved.filled, saved.symlinks);
    } catch (cause) {
      throw new CommandError(
        ExitCode.journal,
        `${record} cannot be read; remove ${directory} and start a new demo`,
        { cause },
      );
    }
  }

  /** Whether the source brick holds the whole tree. */
  get filled(): boolean {
    return this.#filled;
  }

  /** How many symbolic links are moved beside the files of the manifest. */
  get symlinks(): number {
    return this.#symlinks;
  }

  /** Notes that the source brick holds the whole tree, with so many symbolic links. */
  markFilled(symlinks: number): void {
    this.#filled = true;
    this.#symlinks = symlinks;
    this.#save();
  }

  /** Removes what a fill that did not end has left. */
  clearPartialFill(): void {
    for (const name of ["source", "destination"])
      rmSync(join(this.path, name), { recursive: true, force: true });
  }

  get sourceStore(): string {
    return join(this.path, "source");
  }

  get destinationStore(): string {
    return join(this.path, "destination");
  }

  get manifestPath(): string {
    return join(this.path, "manifest.ndjson");
  }

  /** The runner's journal. */
  get journalPath(): string {
    return join(this.path, "journal");
  }

  ackLogPath(writer: number): string {
    return join(this.path, "acks", `writer-${writer}.log`);
  }

  #save(): void {
    const state = { version: 1, filled: this.#filled, symlinks: this.#symlinks, settings: this.settings };
    writeFileSync(join(this.path, "demo.json"), `${JSON.stringify(state, undefined, 2)}\n`);
  }
}

function lastDemoPointer(): string {
  return join(tmpdir(), `brickshift-demo-last-${userInfo().uid}`);
}
