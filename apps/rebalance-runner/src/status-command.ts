import { existsSync } from "node:fs";
import { resolve } from "node:path";
import prettyBytes from "pretty-bytes";
import { commandErrorOf } from "./command-error-of.js";
import { CommandError, ExitCode, type ExitCodeValue } from "./exit-code.js";
import { openJournal } from "./open-journal.js";
import type { Output } from "./output.js";

/** Options of `status`, as commander gives them. */
export interface StatusOptionValues {
  readonly state: string;
  readonly json?: true;
}

/** Tells from a journal how far its run is. */
export async function statusCommand(values: StatusOptionValues, output: Output): Promise<ExitCodeValue> {
  const directory = resolve(values.state);
  if (!existsSync(directory))
    throw new CommandError(
      ExitCode.usage,
      `there is no journal in ${directory}; name the directory of a run`,
    );
  try {
    const journal = openJournal(directory, true);
    const status = journal.status();
    await journal.close();
    if (status === undefined)
      throw new CommandError(ExitCode.usage, `no run was begun in ${directory}; name the directory of one`);
    const { header, state, counts, intents } = status;
    const moved = counts?.moved ?? 0;
    output.report(
      [
        `${header.source.name} to ${header.destination.name}, begun ${new Date(header.startedWallMs).toISOString()}: ${state === "finished" ? "finished" : "running, or ended early"}`,
        `moved ${moved} files, ${prettyBytes(counts?.movedBytes ?? 0)}; failed ${counts?.failed ?? 0}; in their last steps ${intents.length}`,
      ],
      { event: "status", state, ...header, counts: counts ?? null, intents: intents.length },
    );
    return ExitCode.done;
  } catch (error) {
    throw commandErrorOf(error, directory);
  }
}
