import { endOrphan } from "../end-in-order.js";
import { ExitCode } from "../exit-code.js";
import { connectPair } from "./connect-pair.js";
import { readManifest } from "./manifest.js";
import { BlockWriter, type WriterCommand, type WriterMessage, type WriterSpec } from "./writer.js";

/**
 * The main function of a writer process: takes its {@link WriterSpec} as the first message of its parent,
 * writes until told to stop, and ends. A parent that is gone is as good as a stop.
 */
export async function writerMain(): Promise<void> {
  // The parent ends its writers; a Ctrl-C at the terminal is for the parent.
  process.on("SIGINT", () => undefined);
  // From the start, since it is told once. Until there is a writer there is nothing to be ended in order.
  let orphaned: () => void = () => process.exit(ExitCode.interrupted);
  process.once("disconnect", () => orphaned());
  if (!process.connected) orphaned();
  const spec = await new Promise<WriterSpec>((resolve) => process.once("message", resolve));
  const connected = await connectPair(spec.bricks, "demo-writer");
  const tell = (message: WriterMessage) => {
    if (process.connected) process.send?.(message);
  };
  const files = await readManifest(spec.manifestPath);
  const byIndex = files.toSorted((a, b) => a.index - b.index);
  const writer = new BlockWriter(spec, connected.pair, byIndex, tell, Math.random);
  process.on("message", (command: WriterCommand) => writer.command(command));
  orphaned = () => {
    writer.command({ type: "stop" });
    endOrphan(ExitCode.interrupted);
  };
  await writer.run();
  await connected.close();
  if (process.connected) process.disconnect?.();
}
