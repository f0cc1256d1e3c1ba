import type { Connection } from "@brickshift/transport";
import { expect, it } from "vitest";
import { createMemoryTransport } from "../src/index.js";

it("carries records both ways and closes in order", async () => {
  const transport = createMemoryTransport();
  const got: string[] = [];
  let server: Connection | undefined;
  await transport.listen("memory://brick", (connection) => {
    server = connection;
    connection.receive((record) => {
      got.push(Buffer.from(record).toString());
      void connection.send([Buffer.from("re: "), record]);
    });
  });
  const client = await transport.connect("memory://brick");
  const replies: string[] = [];
  client.receive((record) => void replies.push(Buffer.from(record).toString()));
  await client.send([Buffer.from("hel"), Buffer.from("lo")]);
  await client.send([]);
  await client.close();
  expect(got).toEqual(["hello", ""]);
  expect(replies).toEqual(["re: hello", "re: "]);
  expect(await server?.closed).toBeUndefined();
});
