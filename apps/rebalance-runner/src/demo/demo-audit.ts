import prettyBytes from "pretty-bytes";
import type { Output } from "../output.js";
import { readAckLog } from "./ack-log.js";
import { audit } from "./audit.js";
import type { AuditResult } from "./judge.js";
import { connectPair } from "./connect-pair.js";
import type { DemoDirectory } from "./demo-directory.js";
import type { ManifestFile } from "./manifest.js";

/** Reads everything back through clients of its own and compares it, showing how far it is. */
export async function runAudit(
  urls: readonly string[],
  files: readonly ManifestFile[],
  demo: DemoDirectory,
  output: Output,
  signal: AbortSignal,
): Promise<AuditResult> {
  const histories = Array.from({ length: demo.settings.writers }, (_, writer) =>
    readAckLog(demo.ackLogPath(writer)),
  );
  const result: AuditResult = {
    files: 0,
    bytes: 0,
    blocksChecked: 0,
    lostWrites: [],
    lost: 0,
    damagedFiles: [],
    originsChanged: 0,
  };
  const connected = await connectPair(urls, "demo-audit");
  const show = () =>
    output.status(
      [
        `reading back: ${result.files}/${files.length} files, ${prettyBytes(result.bytes)}, ${result.blocksChecked} written blocks compared`,
      ],
      {
        event: "auditing",
        files: result.files,
        bytes: result.bytes,
      },
    );
  const timer = setInterval(show, 250);
  try {
    await audit(connected.pair, files, histories, result, signal);
    return result;
  } finally {
    clearInterval(timer);
    await connected.close();
  }
}
