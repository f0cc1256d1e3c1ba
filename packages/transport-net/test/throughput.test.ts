import { expect, it } from "vitest";
import { loads, measure, serve } from "../bench/throughput.js";
import { createTcpTransport } from "../src/index.js";

// Keeps the benchmark from rotting; how fast it is here says nothing.
it.each(loads)("the benchmark carries $name", async (load) => {
  const transport = createTcpTransport();
  const listener = await transport.listen("tcp://127.0.0.1:0", serve);
  const { records, bytes } = await measure(transport, listener.address, load, 20);
  expect(records).toBeGreaterThanOrEqual(load.outstanding);
  expect(bytes).toBe(records * load.recordBytes);
  await listener.close();
});
