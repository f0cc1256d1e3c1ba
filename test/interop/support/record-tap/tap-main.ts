import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { BufferPool, RecordAssembler } from "@brickshift/transport";
import { RecordCheck, TapTally } from "./record-check.js";
import type { Direction } from "./tap-report.js";

/** Bytes of a recorded session. */
const SESSION_BYTES_MAX = 4 * 1_048_576;

// A process of its own: the test that uses a mount through the tap may block in a system call on it.
const [targetPort = "0", sessions = ""] = process.argv.slice(2);
const tally = new TapTally();

function listenIn(from: Socket, to: Socket, direction: Direction, check: RecordCheck): void {
  const limits = { recordBytesMax: 0x7fff_ffff, fragmentsMax: 1_024 };
  const assembler = new RecordAssembler(limits, new BufferPool({ poolBytesMax: 0 }));
  from.on("data", (chunk) => {
    if (!to.write(chunk)) from.pause();
    assembler.push(new Uint8Array(chunk));
    for (let record = assembler.next(); record !== undefined; record = assembler.next()) {
      check.record(direction, record);
    }
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  from.on("error", () => to.resetAndDestroy());
  from.on("close", (hadError) => {
    if (hadError) to.resetAndDestroy();
  });
}

/** Keeps what a client sent, marks included, as a file of its own. */
function keepSession(client: Socket, path: string): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  client.on("data", (chunk) => {
    if (bytes < SESSION_BYTES_MAX) chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
  });
  client.on("close", () => writeFileSync(path, Buffer.concat(chunks)));
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const brick = connect({ port: Number(targetPort), host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const check = new RecordCheck(tally);
  if (sessions !== "") keepSession(client, join(sessions, `session-${process.pid}-${tally.connections}.bin`));
  listenIn(client, brick, "to-brick", check);
  listenIn(brick, client, "to-client", check);
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () => process.send?.({ report: tally.report() }));
process.on("disconnect", () => process.exit());
