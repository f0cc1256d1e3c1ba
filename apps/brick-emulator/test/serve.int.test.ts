import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrickClient } from "@brickshift/brick-client";
import { createTlsTransport, createUnixTransport } from "@brickshift/transport-net";
import {
  Errno,
  type Gfid,
  gfidValue,
  LeaseCmd,
  leaseIdFromRandom,
  LeaseType,
  LkCmd,
  LockType,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";
import { makeAuthority } from "./test-authority.js";

const running: EmulatorProcess[] = [];
const gfid = "11111111-2222-3333-4444-555555555555" as Gfid;

function start(...args: readonly string[]): EmulatorProcess {
  const emulator = new EmulatorProcess(args);
  running.push(emulator);
  return emulator;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.end("SIGKILL")));
});

const scratch = mkdtempSync(join(tmpdir(), "emulator-"));
const newDirectory = () => mkdtempSync(join(scratch, "brick-"));

afterAll(() => {
  rmSync(scratch, { recursive: true });
});

async function createFile(client: BrickClient, name: string, content: string): Promise<void> {
  const { fd } = await client.fops.create({
    pargfid: ROOT_GFID,
    flags: 0xc2,
    mode: 0o640,
    bname: name,
    xdata: new Map([["gfid-req", gfidValue(gfid)]]),
  });
  await client.fops.write({ gfid, fd, offset: 0, payload: new TextEncoder().encode(content) });
}

async function readFile(client: BrickClient): Promise<string> {
  const reply = await client.fops.read({ gfid, fd: -2n, offset: 0, size: 100 });
  return new TextDecoder().decode(reply.payload);
}

describe("a brick in one command", () => {
  it.each(["SIGTERM", "SIGKILL"] as const)("has lost nothing when it comes back after %s", async (signal) => {
    const directory = newDirectory();
    const serve = ["serve", "--brick", `b0=${directory}`, "--listen", "127.0.0.1:0", "--json"];
    const first = start(...serve);
    const client = await clientOf(await first.listening(), "b0");
    await createFile(client, "kept", "bytes that were acknowledged");
    expect(await first.end(signal)).toBe(signal === "SIGTERM" ? 0 : "SIGKILL");
    await client.close();

    const second = start(...serve);
    const again = await clientOf(await second.listening(), "b0");
    const { prestat } = await again.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "kept" });
    expect(prestat).toMatchObject({ gfid, size: 28, mode: 0o100640 });
    expect(await readFile(again)).toBe("bytes that were acknowledged");
    await again.close();
  });

  it("tells on SIGUSR2 what is held, and that nothing is once its clients have gone", async () => {
    const emulator = start("serve", "--brick", `b0=${newDirectory()}`, "--json");
    const client = await clientOf(await emulator.listening(), "b0");
    await createFile(client, "held", "x");
    const lease = {
      cmd: LeaseCmd.set,
      leaseType: LeaseType.read,
      leaseId: leaseIdFromRandom(new Uint8Array(15).fill(7)),
      leaseFlags: 0,
    };
    await client.fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) });
    const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(8) };
    await client.fops.inodelk({ gfid, cmd: LkCmd.setlk, type: LockType.write, flock, volume: "d" });
    const usage = async () => {
      const told = emulator.event(/^usage$/);
      emulator.child.kill("SIGUSR2");
      return told;
    };
    const held = { clients: 1, leases: 1, locks: 1, inodesInUse: 1, runningFops: 0, migrationTargets: 0 };
    expect(await usage()).toMatchObject({ brick: "b0", ...held });
    const closed = emulator.event(/^session-closed$/);
    await client.close();
    await closed;
    expect(await usage()).toMatchObject({ brick: "b0", clients: 0, leases: 0, locks: 0, inodesInUse: 0 });
  });

  it("serves several bricks apart from each other on one Unix socket", async () => {
    const directory = newDirectory();
    const socket = join(directory, "bricks.sock");
    const bricks = ["a", "b"].flatMap((name) => ["--brick", `${name}=${join(directory, name)}`]);
    const emulator = start("serve", ...bricks, "--listen", `unix:${socket}`, "--json");
    const address = await emulator.listening();
    expect(address).toBe(`unix://${socket}`);
    const [a, b] = [
      await clientOf(address, "a", createUnixTransport({})),
      await clientOf(address, "b", createUnixTransport({})),
    ];
    await createFile(a, "only-on-a", "x");
    await expect(
      b.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "only-on-a" }),
    ).rejects.toMatchObject({ errno: Errno.ENOENT });
    await Promise.all([a.close(), b.close()]);
  });

  it("keeps everything in memory when asked to, and nothing afterwards", async () => {
    const directory = join(newDirectory(), "never-made");
    const serve = ["serve", "--brick", `b0=${directory}`, "--memory", "--json"];
    const first = start(...serve);
    const client = await clientOf(await first.listening(), "b0");
    await createFile(client, "gone", "x");
    expect(await readFile(client)).toBe("x");
    await client.close();
    await first.end("SIGTERM");
    const again = await clientOf(await start(...serve).listening(), "b0");
    await expect(
      again.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "gone" }),
    ).rejects.toMatchObject({ errno: Errno.ENOENT });
    await again.close();
  });

  it("with TLS talks to those alone who hold a certificate of its authority", async () => {
    const directory = newDirectory();
    const ours = await makeAuthority();
    const [server, client] = [await ours.issue("brick"), await ours.issue("alice")];
    const path = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const emulator = start(
      ...["serve", "--brick", `b0=${join(directory, "b0")}`, "--listen", "127.0.0.1:0", "--json"],
      ...[
        "--tls-cert",
        path("cert.pem", server.cert),
        "--tls-key",
        path("key.pem", server.key),
        "--tls-ca",
        path("ca.pem", ours.ca),
      ],
    );
    const address = await emulator.listening();
    expect(address).toMatch(/^tls:/);
    const friend = await clientOf(address, "b0", createTlsTransport({ ...client, ca: ours.ca }));
    await createFile(friend, "file", "secret");
    expect(await readFile(friend)).toBe("secret");
    await friend.close();
    const stranger = await (await makeAuthority()).issue("mallory");
    await expect(clientOf(address, "b0", createTlsTransport({ ...stranger, ca: ours.ca }))).rejects.toThrow(
      /./,
    );
  });

  it("ends on SIGTERM also while it watches a standard input that stays open", async () => {
    const emulator = start("serve", "--brick", `b0=${newDirectory()}`, "--json", "--until-stdin-ends");
    await emulator.listening();
    expect(await emulator.end("SIGTERM")).toBe(0);
  });

  it("ends in order when its parent dies, if told to watch it", async () => {
    const emulator = start("serve", "--brick", `b0=${newDirectory()}`, "--json", "--until-stdin-ends");
    await emulator.listening();
    emulator.child.stdin?.end();
    expect(await emulator.exited).toBe(0);
  });

  it("ends in order also when nobody is left to read what it tells", async () => {
    const emulator = start("serve", "--brick", `b0=${newDirectory()}`, "--json", "--until-stdin-ends");
    const client = await clientOf(await emulator.listening(), "b0");
    emulator.child.stdout?.destroy();
    emulator.child.stderr?.destroy();
    emulator.child.stdin?.end();
    expect(await emulator.exited).toBe(0);
    await client.close();
  });
});

describe("bad input", () => {
  it.each([
    [["serve"], 2, /--brick/],
    [["serve", "--brick", "b0"], 2, /NAME=DIR/],
    [["serve", "--brick", "b0=/tmp/x", "--listen", "nowhere"], 2, /HOST:PORT/],
    [["serve", "--brick", "b0=/tmp/x", "--recall-timeout", "soon"], 2, /milliseconds/],
    [["serve", "--brick", "b0=/tmp/x", "--brick", "b0=/tmp/y"], 2, /same name/],
    [["serve", "--brick", "b0=/tmp/x", "--tls-cert", "/tmp/c"], 2, /--tls-key/],
    [["fsck", "/nonexistent/store"], 2, /no store/],
    [["frobnicate"], 2, /unknown command/],
  ])("%j ends with %i and says what to write", async (args, code, message) => {
    const emulator = start(...args);
    expect(await emulator.exited).toBe(code);
    expect(emulator.errors).toMatch(message);
  });

  it("refuses a store that another process serves, and names it", async () => {
    const directory = newDirectory();
    await start("serve", "--brick", `b0=${directory}`, "--json").listening();
    const second = start("serve", "--brick", `b0=${directory}`, "--json");
    expect(await second.exited).toBe(3);
    expect(second.errors).toContain(directory);
  });

  it("refuses an address that is taken", async () => {
    const address = await start("serve", "--brick", `b0=${newDirectory()}`, "--json").listening();
    const second = start(
      "serve",
      "--brick",
      `b1=${newDirectory()}`,
      "--listen",
      address.replace("tcp://", ""),
    );
    expect(await second.exited).toBe(4);
    expect(second.errors).toContain("TRANSPORT_ADDRESS_IN_USE");
  });

  it("refuses a store whose version it does not know", async () => {
    const directory = newDirectory();
    await (async () => {
      const first = start("serve", "--brick", `b0=${directory}`, "--json");
      await first.listening();
      await first.end("SIGTERM");
    })();
    writeFileSync(
      join(directory, "brickshift-store.json"),
      JSON.stringify({ format: "brickshift-brick-store", version: 999 }),
    );
    const second = start("serve", "--brick", `b0=${directory}`, "--json");
    expect(await second.exited).toBe(3);
  });
});
