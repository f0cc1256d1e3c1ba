import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import { afterEach, expect, it } from "vitest";
import { EmulatorProcess } from "./emulator-process.js";

const directory = mkdtempSync(join(tmpdir(), "emulator-login-"));
const running: EmulatorProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (emulator) => emulator.end("SIGKILL")));
  rmSync(directory, { recursive: true, force: true });
});

function start(...args: readonly string[]): EmulatorProcess {
  const emulator = new EmulatorProcess([
    "serve",
    "--brick",
    `b0=${directory}/b0`,
    "--memory",
    "--json",
    ...args,
  ]);
  running.push(emulator);
  return emulator;
}

/** `undefined`, or the code with which the brick was not to be had. */
async function connectTo(address: string, login: { username?: string; password?: string }) {
  const client = createBrickClient({
    transport: createTcpTransport({}),
    address,
    brick: "b0",
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: { ...login, reconnect: { startAttemptsMax: 1 } },
  });
  try {
    return await client.connect().then(
      () => undefined,
      (error: unknown) => (error as { code?: string }).code,
    );
  } finally {
    await client.close();
  }
}

it("lets in who knows the password of a user, and is at an allowed address", async () => {
  writeFileSync(join(directory, "password"), "secret\n");
  const user = ["--user", `alice=${join(directory, "password")}`];
  const near = await start("--allow", "127.0.0.*", "--allow", "::1", ...user).listening();
  expect(await connectTo(near, { username: "alice", password: "secret" })).toBeUndefined();
  expect(await connectTo(near, { username: "alice", password: "wrong" })).toBe("CLIENT_AUTH_REFUSED");
  expect(await connectTo(near, {})).toBe("CLIENT_AUTH_REFUSED");
  const far = await start("--allow", "10.0.0.*").listening();
  expect(await connectTo(far, {})).toBe("CLIENT_AUTH_REFUSED");
});

it.each([
  [["--user", "alice"], /NAME=FILE/],
  [["--user", "alice=/nonexistent/password"], /cannot be read/],
])("%j is a bad command line", async (args, message) => {
  const emulator = start(...args);
  expect(await emulator.exited).toBe(2);
  expect(emulator.errors).toMatch(message);
});
