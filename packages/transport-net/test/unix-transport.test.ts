import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createUnixTransport } from "../src/index.js";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "brickshift-"));
  path = join(directory, "brick.sock");
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const listen = () =>
  createUnixTransport().listen(`unix://${path}`, (connection) => connection.receive(() => {}));

it("removes the socket file when the listener closes", async () => {
  const listener = await listen();
  expect(statSync(path).isSocket()).toBe(true);
  await listener.close();
  expect(existsSync(path)).toBe(false);
});

it("takes over the socket file of a process that was killed", async () => {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(statSync(path).isSocket()).toBe(true);
  const listener = await listen();
  const client = await createUnixTransport().connect(listener.address);
  await client.close();
  await listener.close();
});

it("leaves a living listener alone, whose connections go on", async () => {
  const listener = await listen();
  const client = await createUnixTransport().connect(listener.address);
  await expect(listen()).rejects.toMatchObject({ code: "TRANSPORT_ADDRESS_IN_USE" });
  await client.send([new Uint8Array(5)]);
  await client.close();
  expect(await client.closed).toBeUndefined();
  await listener.close();
});

it("never replaces a file that is no socket", async () => {
  writeFileSync(path, "precious");
  await expect(listen()).rejects.toMatchObject({ code: "TRANSPORT_ADDRESS_IN_USE" });
  expect(readFileSync(path, "utf8")).toBe("precious");
  await expect(createUnixTransport().connect(`unix://${path}`)).rejects.toMatchObject({
    code: "TRANSPORT_REFUSED",
  });
});

it("refuses to listen in a directory that is not there", async () => {
  path = join(directory, "none", "brick.sock");
  await expect(listen()).rejects.toMatchObject({ code: "TRANSPORT_ADDRESS" });
});
