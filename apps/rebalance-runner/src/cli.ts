#!/usr/bin/env node
import { Command, Option } from "commander";
import { CommandError, ExitCode } from "./exit-code.js";
import { demoCommand } from "./demo/demo-command.js";
import { addDemoOptions, type DemoOptionValues, demoSettingsOf } from "./demo/demo-options.js";
import { demoFillCommand } from "./demo/demo-fill-command.js";
import { soakCommand } from "./demo/soak-command.js";
import { writerMain } from "./demo/writer-main.js";
import { endInOrder } from "./end-in-order.js";
import { addNeededOption } from "./needed-option.js";
import { anyNumber } from "./option-values.js";
import { humanOutput, jsonOutput, type Output } from "./output.js";
import { addRunOptions, runCommand, type RunOptionValues } from "./run-command.js";
import { statusCommand, type StatusOptionValues } from "./status-command.js";
import { addConnectionOptions } from "./connect-brick.js";
import { verifyCommand, type VerifyOptionValues } from "./verify-command.js";

const exitCodes = `
Exit codes: 0 done; 1 some files could not be moved (each is named); 2 bad command line; 3 a brick cannot be
reached or refuses; 4 bytes differ or a write is lost; 5 the journal cannot be used; 130 interrupted, --resume goes on.`;

function outputFor(values: { readonly json?: true }): Output {
  return values.json ? jsonOutput(process.stdout) : humanOutput(process.stdout);
}

function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command("rebalance-runner")
    // Before the commands are made: they take it over.
    .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.done : ExitCode.usage))
    .description("Moves files between two storage bricks while clients keep writing them.")
    .version("0.1.0")
    .showHelpAfterError("(--help shows what can be written)")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodes);

  addRunOptions(addConnectionOptions(program.command("run")))
    .description("move files, or everything, from one running brick to another")
    .argument("[paths...]", "what to move, as paths inside the brick; everything when none is given")
    .action(async (paths: string[], values: RunOptionValues) =>
      finish(await runCommand(paths, values, outputFor(values), endInOrder(values.untilStdinEnds))),
    );

  addNeededOption(program.command("status"), "--state <directory>", "the run's journal")
    .description("tell how far the run of a journal is")
    .option("--json", "print NDJSON")
    .action(async (values: StatusOptionValues) => finish(await statusCommand(values, outputFor(values))));

  addConnectionOptions(program.command("verify"))
    .description("read both bricks and tell whether every file is whole on exactly one of them")
    .argument("[paths...]", "what to look at; everything when none is given")
    .option("--json", "print NDJSON events; the last line is the report")
    .action(async (paths: string[], values: VerifyOptionValues) =>
      finish(await verifyCommand(paths, values, outputFor(values), endInOrder())),
    );

  addDemoOptions(program.command("demo"))
    .description("the whole job on this machine: two bricks, writers, the move, and a check of every byte")
    .option("--resume", "go on with the demo that was interrupted last, or with the one in --dir")
    .addOption(
      new Option("--protection <kind>", "none: the control, which loses writes")
        .choices(["lease", "none"])
        .default("lease"),
    )
    .action(async (values: DemoOptionValues & { resume?: true }) => {
      const request = {
        settings: demoSettingsOf(values),
        resume: values.resume === true,
        ...(values.dir !== undefined && { directory: values.dir }),
      };
      finish(await demoCommand(request, outputFor(values), endInOrder()));
    });

  addDemoOptions(program.command("soak"))
    .description("the demo to and fro for some minutes, while runner and bricks are killed at random moments")
    .option("--minutes <n>", "how long", anyNumber(0.1, 10_000), 15)
    .option("--kill-every <seconds>", "mean distance of two kills", anyNumber(0.5, 3_600), 10)
    .action(async (values: DemoOptionValues & { minutes: number; killEvery: number }) => {
      const request = {
        settings: demoSettingsOf(values),
        minutes: values.minutes,
        killEverySeconds: values.killEvery,
        ...(values.dir !== undefined && { directory: values.dir }),
      };
      finish(await soakCommand(request, outputFor(values), endInOrder()));
    });

  program.command("demo-writer", { hidden: true }).action(async () => {
    await writerMain();
    finish(ExitCode.done);
  });
  const fill = program.command("demo-fill", { hidden: true });
  addNeededOption(fill, "--brick <url>", "brick to fill");
  addNeededOption(fill, "--from <directory>", "tree to copy");
  addNeededOption(fill, "--manifest <file>", "where to write what was put there")
    .option("--json", "print NDJSON")
    .action(async (values: { brick: string; from: string; manifest: string; json?: true }) =>
      finish(await demoFillCommand(values.brick, values.from, values.manifest, outputFor(values))),
    );
  return program;
}

async function main(): Promise<void> {
  let isHeard = true;
  // A reader that goes away (`| head`) ends what runs in order, as one Ctrl-C does; a second one would end it at once.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (isHeard) process.kill(process.pid, "SIGTERM");
    isHeard = false;
  });
  const program = buildProgram((exitCode) => {
    process.exitCode = exitCode;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = error instanceof CommandError ? error.exitCode : ExitCode.filesFailed;
    process.stderr.write(`rebalance-runner: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

await main();
