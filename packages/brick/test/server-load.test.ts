import { expect, it } from "vitest";
import { perSecond, serverLoads, startServerLoad } from "../bench/server-load.js";

it.each(Object.entries(serverLoads))("the benchmark runs: %s", async (_name, load) => {
  const started = await startServerLoad();
  expect(await perSecond(started, load, { count: 20, callers: 4 })).toBeGreaterThan(0);
  started.peer.abort();
});
