import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport, createUnixTransport } from "../src/index.js";
import { loads, measure, serve, type Throughput } from "./throughput.js";

/**
 * One connection between two processes. From this package's directory, seconds per load being the argument:
 *
 *   npx esbuild bench/throughput.bench.ts --bundle --platform=node --format=esm \
 *     --conditions=@brickshift/source --outfile=dist/throughput.bench.mjs && node dist/throughput.bench.mjs 2
 */
const [role = "2", at = ""] = process.argv.slice(2);
const rounds = 7;

function transports(isSteered: boolean): Readonly<Record<string, Transport>> {
  return { tcp: createTcpTransport({ isSteered }), unix: createUnixTransport({ isSteered }) };
}

/** Median of the passes, with the worst and the best: on a machine with other work they differ much. */
function summary(passes: readonly Throughput[]): string {
  const sorted = passes.toSorted((one, other) => one.records / one.seconds - other.records / other.seconds);
  const perSecond = sorted.map(({ records, seconds }) => Math.round(records / seconds));
  const megabytes = sorted.map(({ bytes, seconds }) => Math.round(bytes / seconds / 1e6));
  const middle = Math.floor(sorted.length / 2);
  return `${perSecond[middle]} records/s, ${megabytes[middle]} MB/s (${megabytes[0]} to ${megabytes.at(-1)})`;
}

if (role === "serve-steered" || role === "serve-events") {
  const transport = transports(role === "serve-steered")[at.split(":")[0] ?? ""];
  const listener = await transport?.listen(at, serve);
  process.send?.(listener?.address);
} else {
  process.stdout.write(`node ${process.version}, load average ${loadavg()[0]?.toFixed(1)} before\n`);
  const directory = mkdtempSync(join(tmpdir(), "brickshift-bench-"));
  for (const isSteered of [true, false]) {
    for (const at of ["tcp://127.0.0.1:0", `unix://${directory}/${String(isSteered)}.sock`]) {
      const server = fork(fileURLToPath(import.meta.url), [isSteered ? "serve-steered" : "serve-events", at]);
      const address = await new Promise<string>((resolve) => {
        server.once("message", (message) => resolve(message as string));
      });
      const transport = transports(isSteered)[at.split(":")[0] ?? ""] as Transport;
      for (const load of loads) {
        const passes: Throughput[] = [];
        for (let round = 0; round < rounds; round += 1) {
          passes.push(await measure(transport, address, load, (Number(role) * 1_000) / rounds));
        }
        const how = `${at.slice(0, 4)} ${isSteered ? "steered" : "events "}`;
        process.stdout.write(`${how}  ${load.name.padEnd(20)} ${summary(passes)}\n`);
      }
      server.kill();
    }
  }
  rmSync(directory, { recursive: true });
  process.stdout.write(`load average ${loadavg()[0]?.toFixed(1)} after\n`);
}
