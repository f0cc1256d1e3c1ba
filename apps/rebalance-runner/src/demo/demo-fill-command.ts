import { parseBrickUrl } from "../brick-url.js";
import { connectBrick } from "../connect-brick.js";
import { ExitCode, type ExitCodeValue } from "../exit-code.js";
import type { Output } from "../output.js";
import { fillBrick } from "./fill.js";

/** Copies a directory tree to a running brick; for benchmarks. */
export async function demoFillCommand(
  brick: string,
  from: string,
  manifestPath: string,
  output: Output,
): Promise<ExitCodeValue> {
  const client = await connectBrick(parseBrickUrl(brick), { processName: "demo-fill" });
  const progress = { files: 0, bytes: 0, directories: 0, symlinks: 0 };
  try {
    await fillBrick(client, { fromDirectory: from, largeFiles: 0, largeBytes: 0, manifestPath }, progress);
    output.report([`${progress.files} files, ${progress.bytes} bytes`], { event: "filled", ...progress });
    return ExitCode.done;
  } finally {
    await client.close();
  }
}
