import { fileURLToPath } from "node:url";
import prettyBytes from "pretty-bytes";
import { parseBrickUrl } from "../brick-url.js";
import { connectBrick } from "../connect-brick.js";
import type { Output } from "../output.js";
import type { DemoDirectory } from "./demo-directory.js";
import { fillBrick } from "./fill.js";
import { startWriters, type WriterFleet } from "./writer-process.js";

/** Starts the writers of a demo. */
export function startDemoWriters(demo: DemoDirectory, urls: readonly string[]): WriterFleet {
  const { writers, ratePerSecond } = demo.settings;
  const specs = Array.from({ length: writers }, (_, writer) => ({
    writer,
    writers,
    ratePerSecond,
    bricks: urls,
    manifestPath: demo.manifestPath,
    ackLogPath: demo.ackLogPath(writer),
  }));
  return startWriters(fileURLToPath(import.meta.url), specs);
}

/** Fills the source brick, showing how far it is. */
export async function fillDemo(
  demo: DemoDirectory,
  source: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { fromDirectory, largeFiles, largeBytes } = demo.settings;
  const client = await connectBrick(parseBrickUrl(source), { processName: "demo-fill" });
  const progress = { files: 0, bytes: 0, directories: 0, symlinks: 0 };
  const show = () =>
    output.status(
      [
        `filling the source brick from ${fromDirectory}: ${progress.files} files, ${prettyBytes(progress.bytes)}`,
      ],
      {
        event: "filling",
        ...progress,
      },
    );
  const timer = setInterval(show, 250);
  const stop = () => void client.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await fillBrick(
      client,
      { fromDirectory, largeFiles, largeBytes, manifestPath: demo.manifestPath },
      progress,
    );
    demo.markFilled(progress.symlinks);
    output.say(
      `the source brick holds ${progress.files} files with ${prettyBytes(progress.bytes)}, ${progress.directories} directories, ${progress.symlinks} symlinks`,
      { event: "filled", ...progress },
    );
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
    await client.close();
  }
}
