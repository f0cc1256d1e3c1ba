#!/usr/bin/env node
import "./thread-pool.js";
import { Command, Option } from "commander";
import { ExitCode } from "./exit-code.js";
import { fsckCommand, type FsckOptionValues } from "./fsck-command.js";
import { serveCommand, type ServeOptionValues } from "./serve-command.js";
import { startFailure } from "./start-failure.js";

const exitCodes = `
Exit codes: 0 ended in order; 1 failed for the reason named; 2 bad command line; 3 the store is damaged, of an unknown
version, or in use; 4 cannot listen at the address.`;

function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command("brick-emulator")
    // Before the commands are made: they take it over.
    .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.done : ExitCode.usage))
    .description("A GlusterFS brick, or a whole volume, in one command: no root, no glusterd, crash-safe.")
    .version("0.1.0")
    .showHelpAfterError("(--help shows what can be written)")
    .addHelpText("after", exitCodes);
  const collect = (value: string, earlier: readonly string[]) => [...earlier, value];

  program
    .command("serve")
    .description("serve a volume, or one or more bricks, until SIGTERM or Ctrl-C")
    .option("--volume <name>", "a whole volume of the bricks that follow: clients mount it by this name")
    .option(
      "--brick <[name=]dir>",
      "a brick: the directory of its store, and without --volume its name; may be given again",
      collect,
      [],
    )
    .option(
      "--option <name=value>",
      "an option of the volume, as of gluster volume set; may be given again",
      collect,
      [],
    )
    .option("--config <file>", "serve the volumes that a file names; SIGHUP reads their options again")
    .option(
      "--host <name>",
      "where clients reach the volume (default: where it listens, or this machine's name)",
    )
    .option("--brick-port <port>", "port of the bricks of the volume (default: any free one)")
    .option(
      "--listen <address>",
      "HOST:PORT (port 0: any free one) or unix:PATH (default: 127.0.0.1:24007 for volumes, else 127.0.0.1:0)",
    )
    .option(
      "--tls-cert <file>",
      "PEM certificate; with --tls-key and --tls-ca clients must prove who they are",
    )
    .option("--tls-key <file>", "PEM private key")
    .option("--tls-ca <file>", "PEM certificates that sign clients")
    .option("--memory", "keep everything in memory; directories are not touched")
    .option(
      "--recall-timeout <ms>",
      "how long a lease holder has after a recall, or infinite (default: 60000)",
    )
    .option("--connections-max <count>", "most connections of clients; others are refused (default: 4096)")
    .option(
      "--record-timeout <ms>",
      "time in which a record must be whole once its first byte came (default: 180000)",
    )
    .option(
      "--cache-invalidation <seconds>",
      "tell clients of changes to what they accessed within that time, as features.cache-invalidation",
    )
    .option(
      "--allow <address>",
      "an address that may connect, * for any characters; may be given again (default: all)",
      collect,
      [],
    )
    .option(
      "--user <name=file>",
      "a user, and the file of its password; then clients must log in; may be given again",
      collect,
      [],
    )
    .addOption(
      new Option(
        "--compat <release>",
        "answer as that release where clients can tell, dead leases included: for tests, not for data",
      ).choices(["gluster-10.3"]),
    )
    .addOption(
      new Option("--log-level <level>", "how much is told on standard error, as NDJSON")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .option(
      "--until-stdin-ends",
      "end in order, within 20 s, when standard input is closed, as it is when a parent dies",
    )
    .option("--json", "print NDJSON events on standard output")
    .action(async (values: ServeOptionValues) => finish(await serveCommand(values)));

  program
    .command("fsck")
    .description("check the store of a brick that is not running")
    .argument("<directory>", "the store")
    .option("--repair", "mend what can be mended")
    .option("--json", "print NDJSON findings; the last line is the report")
    .action(async (directory: string, values: FsckOptionValues) =>
      finish(await fsckCommand(directory, values)),
    );
  return program;
}

async function main(): Promise<void> {
  // Whoever read what it tells is gone, with a killed parent say: that is no reason to leave stores and clients in disorder.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  const program = buildProgram((exitCode) => {
    process.exitCode = exitCode;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    const { exitCode, message } = startFailure(error);
    process.exitCode = exitCode;
    process.stderr.write(`brick-emulator: ${message}\n`);
  }
}

await main();
