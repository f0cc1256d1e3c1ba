import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { anyNumber, wholeNumber } from "../option-values.js";
import type { DemoSettings } from "./demo-directory.js";

/** Options that the demo and the soak have in common, as commander gives them. */
export interface DemoOptionValues {
  readonly from: string;
  readonly writers: number;
  readonly rate: number;
  readonly largeFiles: number;
  readonly largeBytes: number;
  readonly baseline: number;
  readonly protection?: "lease" | "none";
  readonly dir?: string;
  readonly json?: true;
}

/** The project's own installed dependencies: thousands of files, hundreds of MB. */
function ownDependencies(): string {
  return fileURLToPath(new URL("../../../node_modules", import.meta.url));
}

/** Adds the options of {@link DemoOptionValues} that describe the data and the writers. */
export function addDemoOptions(command: Command): Command {
  return command
    .option(
      "--from <directory>",
      "tree that is put on the source brick (default: this project's installed dependencies)",
      ownDependencies(),
    )
    .option("--writers <n>", "writer processes", wholeNumber(0, 64), 4)
    .option("--rate <n>", "writes per second of each writer", anyNumber(0.1, 100_000), 200)
    .option("--large-files <n>", "generated large files beside the tree", wholeNumber(0, 1_000), 2)
    .option("--large-bytes <n>", "size of each, a multiple of 8", wholeNumber(0, 2 ** 40), 256 * 2 ** 20)
    .option(
      "--dir <directory>",
      "where stores, journal and the writers' memory go (default: a new temporary directory)",
    )
    .option("--json", "print NDJSON events; the last line is the report")
    .addOption(
      new Option("--baseline <seconds>", "how long writers run before the move begins")
        .argParser(anyNumber(0, 600))
        .default(3),
    );
}

/** The demo's settings out of its options. */
export function demoSettingsOf(values: DemoOptionValues): DemoSettings {
  return {
    fromDirectory: values.from,
    writers: values.writers,
    ratePerSecond: values.rate,
    largeFiles: values.largeFiles,
    largeBytes: values.largeBytes - (values.largeBytes % 8),
    protection: values.protection ?? "lease",
    baselineSeconds: values.baseline,
  };
}
