import type { Connection } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { createRpcPeer, nodeScheduler } from "../src/index.js";

/** Small calls per second over the memory transport, both ends in this thread. */
const totalCalls = Number(process.argv[2] ?? 20_000);
const transport = createMemoryTransport();
let far: Connection | undefined;
await transport.listen("memory://bench", (connection) => {
  far = connection;
});
const near = await transport.connect("memory://bench");
const program = { name: "echo", number: 1, version: 1, procedures: new Set([1]) };
createRpcPeer({
  connection: far as Connection,
  scheduler: nodeScheduler,
  programs: [{ ...program, handle: (call) => void call.reply([call.body]) }],
});
const client = createRpcPeer({ connection: near, scheduler: nodeScheduler });
const body = [new Uint8Array(64)];

async function caller(calls: number): Promise<void> {
  for (let made = 0; made < calls; made += 1) {
    await client.call({ program: 1, version: 1, procedure: 1, body });
  }
}

for (const callers of [1, 64]) {
  await Promise.all(Array.from({ length: callers }, () => caller(Math.ceil(totalCalls / callers / 4))));
  const startMs = performance.now();
  await Promise.all(Array.from({ length: callers }, () => caller(Math.ceil(totalCalls / callers))));
  const perSecond = Math.round((totalCalls / (performance.now() - startMs)) * 1_000);
  process.stdout.write(`rpc calls, 64 bytes, ${callers} at once: ${perSecond}/s\n`);
}
await client.close();
