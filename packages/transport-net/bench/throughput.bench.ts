import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport, createUnixTransport } from "../src/index.js";
import { loads, measure, serve } from "./throughput.js";

/**
 * One connection between two processes. From this package's directory, seconds per load being the argument:
 *
 *   npx esbuild bench/throughput.bench.ts --bundle --platform=node --format=esm \
 *     --conditions=@brickshift/source --outfile=dist/throughput.bench.mjs && node dist/throughput.bench.mjs 2
 */
const [role = "2", at = ""] = process.argv.slice(2);
const rounds = 3;

function transports(isSteered: boolean): Readonly<Record<string, Transport>> {
  return { tcp: createTcpTransport({ isSteered }), unix: createUnixTransport({ isSteered }) };
}

if (role === "serve-steered" || role === "serve-events") {
  const transport = transports(role === "serve-steered")[at.split(":")[0] ?? ""];
  const listener = await transport?.listen(at, serve);
  process.send?.(listener?.address);
} else {
  const directory = mkdtempSync(join(tmpdir(), "brickshift-bench-"));
  for (const isSteered of [true, false]) {
    for (const at of ["tcp://127.0.0.1:0", `unix://${directory}/${String(isSteered)}.sock`]) {
      const server = fork(fileURLToPath(import.meta.url), [isSteered ? "serve-steered" : "serve-events", at]);
      const address = await new Promise<string>((resolve) => {
        server.once("message", (message) => resolve(message as string));
      });
      const transport = transports(isSteered)[at.split(":")[0] ?? ""] as Transport;
      for (const load of loads) {
        const best = { perSecond: 0, megabytes: 0 };
        for (let round = 0; round < rounds; round += 1) {
          const { records, bytes, seconds } = await measure(
            transport,
            address,
            load,
            (Number(role) * 1_000) / rounds,
          );
          best.perSecond = Math.max(best.perSecond, records / seconds);
          best.megabytes = Math.max(best.megabytes, bytes / seconds / 1e6);
        }
        const how = `${at.slice(0, 4)} ${isSteered ? "steered" : "events "}`;
        process.stdout.write(
          `${how}  ${load.name.padEnd(22)} ${best.perSecond.toFixed(0).padStart(9)} records/s ${best.megabytes.toFixed(0).padStart(6)} MB/s\n`,
        );
      }
      server.kill();
    }
  }
  rmSync(directory, { recursive: true });
}
