import type { Connection } from "@brickshift/transport";
import { expect, it } from "vitest";
import { createTcpTransport } from "../src/index.js";

it.each([true, false])("carries records both ways, steered: %s", async (isSteered) => {
  const transport = createTcpTransport({ isSteered });
  const got: number[] = [];
  let server: Connection | undefined;
  const listener = await transport.listen("tcp://127.0.0.1:0", (connection) => {
    server = connection;
    connection.receive((record) => {
      got.push(record.length);
      void connection.send([Buffer.from("re: "), record]);
    });
  });
  const client = await transport.connect(listener.address);
  const replies: number[] = [];
  client.receive((record) => void replies.push(record.length));
  await client.send([Buffer.from("hel"), Buffer.from("lo")]);
  await client.send([]);
  await client.send([new Uint8Array(1 << 20)]);
  await client.close();
  expect(got).toEqual([5, 0, 1 << 20]);
  expect(replies).toEqual([9, 4, (1 << 20) + 4]);
  expect(await server?.closed).toBeUndefined();
  await listener.close();
});
