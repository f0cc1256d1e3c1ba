import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Transport } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { expect, it } from "vitest";

const readme = readFileSync(new URL("../../packages/transport/README.md", import.meta.url), "utf8");
/** Among packages that know each other: the contract alone has nothing to run its snippet on. */
const directory = fileURLToPath(new URL("../node_modules/.readme-transport/", import.meta.url));

interface Snippet {
  readonly ask: (transport: Transport, address: string, text: string) => Promise<string>;
}

it("the snippet of transport's README asks over a transport and gets its answer", async () => {
  const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}snippet.ts`, snippet);
  try {
    const { ask } = (await import(/* @vite-ignore */ `${directory}snippet.ts`)) as Snippet;
    const transport = createMemoryTransport();
    const listener = await transport.listen("memory://loud", (connection) => {
      connection.receive((record) => {
        const answer = new TextDecoder().decode(record).toUpperCase();
        return connection.send([new TextEncoder().encode(answer)]);
      });
    });
    expect(await ask(transport, listener.address, "hello")).toBe("HELLO");
    await listener.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
