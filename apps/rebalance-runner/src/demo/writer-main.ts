import { BlockWriter, type WriterCommand, type WriterMessage, type WriterSpec } from "./writer.js";
import { connectPair } from "./connect-pair.js";
import { readManifest } from "./manifest.js";

/**
 * The main function of a writer process: takes its {@link WriterSpec} as the first message of its parent,
 * writes until told to stop, and ends. A parent that is gone is as good as a stop.
 */
export async function writerMain(): Promise<void> {
  // The parent ends its writers; a Ctrl-C at the terminal is for the parent.
  process.on("SIGINT", () => undefined);
  const spec = await new Promise<WriterSpec>((resolve) => process.once("message", resolve));
  const connected = await connectPair(spec.bricks, "demo-writer");
  const tell = (message: WriterMessage) => {
    if (process.connected) process.send?.(message);
  };
  const files = await readManifest(spec.manifestPath);
  const byIndex = files.toSorted((a, b) => a.index - b.index);
  const writer = new BlockWriter(spec, connected.pair, byIndex, tell, Math.random);
  process.on("message", (command: WriterCommand) => writer.command(command));
  process.once("disconnect", () => writer.command({ type: "stop" }));
  await writer.run();
  await connected.close();
  process.disconnect?.();
}
