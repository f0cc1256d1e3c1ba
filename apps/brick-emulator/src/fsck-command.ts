import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fsck, type FsckReport } from "@brickshift/brick/fsck";
import { openDiskStore } from "@brickshift/brick/store-disk";
import { ExitCode } from "./exit-code.js";
import { UsageError } from "./usage-error.js";

/** Options of `fsck`, as commander gives them. */
export interface FsckOptionValues {
  readonly repair?: true;
  readonly json?: true;
}

/** Checks, and mends when asked to, the store of a brick that is not running. */
export async function fsckCommand(path: string, values: FsckOptionValues): Promise<number> {
  const directory = resolve(path);
  // Opening makes a store where there is none, which is not what somebody who checks one wants.
  if (!existsSync(directory)) throw new UsageError(`there is no store in ${directory}`);
  const store = await openDiskStore({ directory });
  try {
    const report = await fsck(store, { repair: values.repair === true });
    if (values.json) printJson(report, directory);
    else printText(report, directory, values.repair === true);
    return report.isSound ? ExitCode.done : ExitCode.store;
  } finally {
    await store.close();
  }
}

function printJson(report: FsckReport, directory: string): void {
  const { findings, ...summary } = report;
  for (const finding of findings)
    process.stdout.write(`${JSON.stringify({ event: "finding", ...finding })}\n`);
  process.stdout.write(`${JSON.stringify({ event: "report", directory, ...summary })}\n`);
}

function printText(report: FsckReport, directory: string, isRepair: boolean): void {
  for (const { kind, gfid, text, isRepaired } of report.findings) {
    process.stdout.write(`${kind} ${gfid}: ${text}${isRepaired ? " (repaired)" : ""}\n`);
  }
  process.stdout.write(
    `${report.objects} objects, ${report.names} names, ${report.blobs} data files in ${directory}: `,
  );
  if (report.isSound)
    process.stdout.write(report.findings.length === 0 ? "sound\n" : "sound, with the above dealt with\n");
  else
    process.stdout.write(
      isRepair ? "NOT sound; what is left needs a hand\n" : "NOT sound; --repair mends what can be mended\n",
    );
}
