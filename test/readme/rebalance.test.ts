import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createBrickServer, createMemoryStore } from "@brickshift/brick";
import { createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import { gfidValue, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it, vi } from "vitest";

const readme = readFileSync(new URL("../../packages/rebalance/README.md", import.meta.url), "utf8");
/** Among packages that know each other: the rebalance is given its transport from outside. */
const directory = fileURLToPath(new URL("../node_modules/.readme-rebalance/", import.meta.url));
const transport = createTcpTransport();

const withGfid = (number: number) =>
  new Map([["gfid-req", gfidValue(parseGfid(`00000000-0000-4000-8000-00000000000${number}`))]]);

async function serve(name: string) {
  const bricks = [{ name, store: createMemoryStore() }];
  const server = await createBrickServer({ bricks, scheduler: nodeScheduler });
  const listener = await transport.listen("tcp://127.0.0.1:0", (connection) => server.accept(connection));
  const stop = async () => {
    await listener.close();
    await server.close();
  };
  return { address: listener.address, stop };
}

/** What the snippet moves: a directory with two files. */
async function fill(address: string): Promise<void> {
  const brick = { brick: "b0", scheduler: nodeScheduler, random: nodeRandom };
  const client = createBrickClient({ transport, address, ...brick });
  await client.connect();
  const { stat } = await client.fops.mkdir({
    pargfid: ROOT_GFID,
    bname: "projects",
    mode: 0o755,
    xdata: withGfid(2),
  });
  for (const number of [3, 4]) {
    const name = { pargfid: stat.gfid, bname: `file-${number}`, dev: 0n, mode: 0o100644 };
    await client.fops.mknod({ ...name, xdata: withGfid(number) });
  }
  await client.close();
}

it("the snippet of rebalance's README moves a directory and prints what it says", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const printed = [...snippet.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
  const [source, destination] = [await serve("b0"), await serve("b1")];
  await fill(source.address);
  const state = mkdtempSync(join(tmpdir(), "readme-"));
  mkdirSync(directory, { recursive: true });
  const here = snippet
    .replace("tcp://127.0.0.1:24010", source.address)
    .replace("tcp://127.0.0.1:24011", destination.address)
    .replace('"run-1"', JSON.stringify(state));
  writeFileSync(`${directory}snippet.ts`, here);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ `${directory}snippet.ts`);
    expect(log.mock.calls.map((words) => words.join(" "))).toEqual(printed);
    expect(printed).toHaveLength(2);
  } finally {
    log.mockRestore();
    for (const path of [directory, state]) rmSync(path, { recursive: true });
    await Promise.all([source.stop(), destination.stop()]);
  }
});
