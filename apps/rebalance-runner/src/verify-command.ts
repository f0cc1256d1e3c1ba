import type { BrickClient } from "@brickshift/brick-client";
import { createRebalance } from "@brickshift/rebalance";
import prettyBytes from "pretty-bytes";
import { parseBrickUrl } from "./brick-url.js";
import { commandErrorOf } from "./command-error-of.js";
import { connectBrick, connectChoices, type ConnectionOptionValues } from "./connect-brick.js";
import { ExitCode, type ExitCodeValue } from "./exit-code.js";
import { nodeWorld } from "./node-world.js";
import type { Output } from "./output.js";

/** Options of `verify`, as commander gives them. */
export interface VerifyOptionValues extends ConnectionOptionValues {
  readonly json?: true;
}

/** Reads both bricks and tells whether every file is whole on exactly one of them. */
export async function verifyCommand(
  paths: readonly string[],
  values: VerifyOptionValues,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCodeValue> {
  const urls = [parseBrickUrl(values.source), parseBrickUrl(values.destination)] as const;
  const choices = connectChoices(values, "rebalance-verify");
  const clients: BrickClient[] = [];
  try {
    const source = await connectBrick(urls[0], choices);
    clients.push(source);
    const destination = await connectBrick(urls[1], choices);
    clients.push(destination);
    const report = await createRebalance({}, nodeWorld).verify({
      source,
      destination,
      ...(paths.length > 0 && { paths }),
      signal,
      onFinding: (finding) =>
        output.say(`${finding.type}: ${finding.message}`, { event: "finding", ...finding }),
    });
    const { ok, onSource, onDestination, readBytes, findings } = report;
    output.report(
      [
        `${onSource} files on ${urls[0].brick}, ${onDestination} on ${urls[1].brick}, ${prettyBytes(readBytes)} read`,
        ok ? "every file is whole on exactly one brick" : `${findings} findings`,
      ],
      { event: "report", ok, onSource, onDestination, bytesRead: readBytes, findings },
    );
    return ok ? ExitCode.done : ExitCode.verification;
  } catch (error) {
    throw commandErrorOf(error, "");
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
