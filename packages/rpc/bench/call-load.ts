import type { Connection } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { createRpcPeer, nodeScheduler } from "../src/index.js";

const ECHO = { name: "echo", number: 1, version: 1, procedures: new Set([1]) };

/** Makes `calls` calls of 64 bytes, `callers` at once, to an echo in this thread. @returns calls per second. */
export async function echoCalls(calls: number, callers: number): Promise<number> {
  const transport = createMemoryTransport();
  let far: Connection | undefined;
  await transport.listen("memory://bench", (connection) => {
    far = connection;
  });
  const near = await transport.connect("memory://bench");
  const programs = [
    { ...ECHO, handle: (call: { reply: Reply; body: Uint8Array }) => void call.reply([call.body]) },
  ];
  createRpcPeer({ connection: far as Connection, scheduler: nodeScheduler, programs });
  const client = createRpcPeer({ connection: near, scheduler: nodeScheduler });
  const request = { program: 1, version: 1, procedure: 1, body: [new Uint8Array(64)] };
  const each = Math.ceil(calls / callers);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let made = 0; made < each; made += 1) await client.call(request);
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  await client.close();
  return (each * callers) / seconds;
}

type Reply = (chunks: readonly Uint8Array[]) => Promise<void>;
