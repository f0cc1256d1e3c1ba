import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRpcPeer, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import { parseVolfile } from "@brickshift/volume";
import {
  decodeBody,
  encodeBody,
  Errno,
  handshake,
  LeaseCmd,
  leaseIdFromRandom,
  portmap,
  type Procedure,
  type Program,
  programs,
  ROOT_GFID,
} from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";

let root: string;
const running: EmulatorProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emulator-volume-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.end("SIGKILL")));
  rmSync(root, { recursive: true, force: true });
});

function start(...args: readonly string[]): EmulatorProcess {
  const emulator = new EmulatorProcess(["serve", "--json", "--listen", "127.0.0.1:0", ...args]);
  running.push(emulator);
  return emulator;
}
const dir = (name: string) => join(root, name);

/** A client of the volume server; `asked` counts the calls back. */
async function managementClient(address: string) {
  const heard: number[] = [];
  const peer = createRpcPeer({
    connection: await createTcpTransport({}).connect(address),
    scheduler: nodeScheduler,
    programs: [
      {
        ...programs.callback,
        procedures: new Set([1]),
        isOneWay: true,
        handle: (call) => void heard.push(call.procedure),
      },
    ],
  });
  const call = async <Q, R>(program: Program, procedure: Procedure<Q, R>, request: Q) => {
    const body = encodeBody(procedure.request, request);
    const { number, version } = program;
    const reply = await peer.call({ program: number, version, procedure: procedure.number, body });
    return decodeBody(procedure.reply, reply.body);
  };
  const volfile = async (volume: string) => {
    const { spec } = await call(programs.handshake, handshake.getspec, {
      flags: 1,
      key: volume,
      xdata: null,
    });
    return parseVolfile(spec);
  };
  const portOf = async (brick: string) => (await call(programs.portmap, portmap.portByBrick, { brick })).port;
  return { peer, heard, volfile, portOf };
}

describe("serve --volume", () => {
  it("gives the volfile, the ports and the bricks, which know their subvolumes and keep their ids", async () => {
    const bricks = [dir("b0"), dir("b1")];
    const args = ["--volume", "demo", "--brick", dir("b0"), "--brick", dir("b1")];
    const seen: unknown[] = [];
    for (let round = 0; round < 2; round += 1) {
      const emulator = start(...args);
      const address = await emulator.listening();
      const management = await managementClient(address);
      const volfile = await management.volfile("/demo");
      expect(volfile.slice(0, 3).map(({ name }) => name)).toEqual([
        "demo-client-0",
        "demo-client-1",
        "demo-dht",
      ]);
      expect(volfile[1]?.options.get("remote-subvolume")).toBe(bricks[1]);
      expect(volfile[1]?.options.get("remote-port")).toBe(new URL(address).port);
      for (const [index, brick] of bricks.entries()) {
        const client = await clientOf(`tcp://127.0.0.1:${await management.portOf(brick)}`, brick);
        expect(client.capabilities?.subvolume).toBe(`demo-client-${index}`);
        seen.push([brick, client.capabilities?.volumeId, client.capabilities?.brickId]);
        await client.close();
      }
      management.peer.abort();
      expect(await emulator.end("SIGTERM")).toBe(0);
    }
    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
    expect(new Set(seen.map((brick) => (brick as string[])[1])).size).toBe(1);
  });

  it("keeps several volumes apart, from a configuration file", async () => {
    const config = dir("volumes.json");
    const volumes = ["a", "b"].map((name) => ({ name, bricks: [`${name}0`] }));
    writeFileSync(config, JSON.stringify({ volumes }));
    const management = await managementClient(await start("--config", config).listening());
    const ids: (string | undefined)[] = [];
    for (const name of ["a", "b"]) {
      const brick = dir(`${name}0`);
      expect((await management.volfile(name)).at(-1)?.name).toBe(name);
      const client = await clientOf(`tcp://127.0.0.1:${await management.portOf(brick)}`, brick);
      ids.push(client.capabilities?.volumeId);
      await client.close();
    }
    expect(new Set(ids).size).toBe(2);
    management.peer.abort();
  });

  it("asks clients to fetch a changed volfile on SIGHUP, and does nothing for one that is not", async () => {
    const config = dir("volumes.json");
    const write = (options: Record<string, unknown>, ...more: readonly string[]) =>
      writeFileSync(config, JSON.stringify({ volumes: [{ name: "a", bricks: ["a0", ...more], options }] }));
    write({});
    const emulator = start("--config", config);
    const management = await managementClient(await emulator.listening());
    const ping = async () => (await management.volfile("a"))[0]?.options.get("ping-timeout");
    expect(await ping()).toBe("42");
    const reload = async () => {
      const next = emulator.event(/^reconfigure/);
      emulator.child.kill("SIGHUP");
      return next;
    };
    expect(await reload()).toMatchObject({
      event: "reconfigured",
      volume: "a",
      isChanged: false,
      clients: 0,
    });
    write({ "network.ping-timeout": 7 });
    expect(await reload()).toMatchObject({ isChanged: true, clients: 1 });
    expect(await ping()).toBe("7");
    // The call back was on the connection before the answer.
    expect(management.heard).toEqual([1]);
    write({ "network.ping-timeout": "soon" });
    expect(await reload()).toMatchObject({
      event: "reconfigure-failed",
      reason: expect.stringContaining("soon"),
    });
    write({}, "a1");
    expect(await reload()).toMatchObject({
      event: "reconfigure-failed",
      reason: expect.stringContaining("restart"),
    });
    expect(await ping()).toBe("7");
    expect(management.heard).toEqual([1]);
    management.peer.abort();
    expect(await emulator.end("SIGTERM")).toBe(0);
  });

  it("takes over at SIGHUP who may connect, leases, and which bricks are stopped", async () => {
    const config = dir("volumes.json");
    const write = (volume: Record<string, unknown>) =>
      writeFileSync(config, JSON.stringify({ volumes: [{ name: "a", bricks: ["a0", "a1"], ...volume }] }));
    write({});
    const emulator = start("--config", config);
    const management = await managementClient(await emulator.listening());
    const address = `tcp://127.0.0.1:${await management.portOf(dir("a0"))}`;
    const reload = async (volume: Record<string, unknown>) => {
      write(volume);
      const next = emulator.event(/^reconfigure/);
      emulator.child.kill("SIGHUP");
      expect(await next).toMatchObject({ event: "reconfigured", isChanged: false, clients: 0 });
    };
    const connected = (name: string) => clientOf(address, dir(name));
    const leaseFailure = async () => {
      const client = await connected("a0");
      const lease = {
        cmd: LeaseCmd.get,
        leaseType: 0,
        leaseId: leaseIdFromRandom(new Uint8Array(15)),
        leaseFlags: 0,
      };
      const outcome = await client.fops.lease({ gfid: ROOT_GFID, lease }).then(
        () => undefined,
        (error: { errno?: number }) => error.errno,
      );
      await client.close();
      return outcome;
    };
    expect(await leaseFailure()).toBe(Errno.ENOSYS);
    await reload({ options: { "features.leases": "on" } });
    expect(await leaseFailure()).toBeUndefined();
    const held = await connected("a0");
    const lost = held.events();
    await reload({ options: { "auth.reject": "127.0.0.1" } });
    expect((await lost.next()).value).toMatchObject({ type: "lost" });
    await held.close();
    await expect(connected("a0")).rejects.toMatchObject({ code: "CLIENT_AUTH_REFUSED" });
    await reload({ stopped: ["a1"] });
    await expect(connected("a1")).rejects.toMatchObject({ code: "CLIENT_BRICK_NOT_READY" });
    await (await connected("a0")).close();
    await reload({});
    await (await connected("a1")).close();
    management.peer.abort();
    expect(await emulator.end("SIGTERM")).toBe(0);
  });

  it("has bricks that answer as another release when asked to", async () => {
    const emulator = start("--volume", "demo", "--brick", dir("b0"), "--compat", "gluster-10.3");
    const management = await managementClient(await emulator.listening());
    const client = await clientOf(`tcp://127.0.0.1:${await management.portOf(dir("b0"))}`, dir("b0"));
    expect(client.capabilities?.brickshift).toBeUndefined();
    await client.close();
    management.peer.abort();
  });

  it("in memory touches no directory", async () => {
    const emulator = start("--volume", "demo", "--brick", dir("b0"), "--memory");
    const management = await managementClient(await emulator.listening());
    expect(await management.portOf(dir("b0"))).toBeGreaterThan(0);
    expect(existsSync(dir("b0"))).toBe(false);
    management.peer.abort();
  });
});

describe("serve refuses", () => {
  const refusal = async (...args: readonly string[]) => {
    const emulator = start(...args);
    const code = await emulator.exited;
    return [code, emulator.errors] as const;
  };

  it.each([
    ["a directory twice", ["--volume", "d", "--brick", "/b", "--brick", "/b"], "named twice"],
    ["an unknown option", ["--volume", "d", "--brick", "/b", "--option", "a.b=on"], "network.ping-timeout"],
    ["a wrong value", ["--volume", "d", "--brick", "/b", "--option", "ctime=7"], "on or off"],
    ["a volume without bricks", ["--volume", "d"], "--brick DIR"],
    ["an option without a volume", ["--brick", "b=/b", "--option", "ctime=on"], "--volume"],
    ["a host without a volume", ["--brick", "b=/b", "--host", "h"], "--volume"],
    ["nothing to serve", [], "--volume NAME"],
    ["a mistyped --volume", ["--volum", "d"], "unknown option '--volum'\n(Did you mean --volume?)"],
    [
      "a mistyped --brick",
      ["--volume", "d", "--brik", "/b"],
      "unknown option '--brik'\n(Did you mean --brick?)",
    ],
    ["--config with --volume", ["--config", "/c", "--volume", "d"], "leave"],
    ["--config with --brick", ["--config", "/c", "--brick", "/b"], "leave"],
    ["a wrong brick port", ["--volume", "d", "--brick", "/b", "--brick-port", "x"], "no port"],
    [
      "auth.ssl-allow without TLS",
      ["--volume", "d", "--brick", "/b", "--option", "auth.ssl-allow=x"],
      "--tls-cert",
    ],
    ["TLS without all that it needs", ["--volume", "d", "--brick", "/b", "--tls-ca", "/ca"], "all three"],
    [
      "--recall-timeout for a volume",
      ["--volume", "d", "--brick", "/b", "--recall-timeout", "5"],
      "lease-lock",
    ],
  ])("%s", async (_what, args, hint) => {
    const [code, errors] = await refusal(...args);
    expect([code, errors]).toEqual([2, expect.stringContaining(hint)]);
  });

  it("a directory that is a brick of another volume, or of none at all", async () => {
    const first = start("--volume", "demo", "--brick", dir("b0"));
    await first.listening();
    await first.end("SIGTERM");
    expect(await refusal("--volume", "other", "--brick", dir("b0"))).toEqual([
      3,
      expect.stringContaining('is a brick of volume "demo", not of "other"'),
    ]);
    mkdirSync(dir("home"));
    writeFileSync(join(dir("home"), "letter"), "");
    expect(await refusal("--volume", "other", "--brick", dir("home"))).toEqual([
      3,
      expect.stringContaining("no store of a brick"),
    ]);
  });

  it("a place where no store can be, and says what to name instead", async () => {
    writeFileSync(dir("file"), "");
    const volume = (brick: string) => ["--volume", "d", "--brick", brick];
    for (const args of [
      volume(dir("file")),
      volume(join(dir("file"), "below")),
      ["--brick", `b=${dir("file")}`],
    ]) {
      const [code, errors] = await refusal(...args);
      expect([code, errors]).toEqual([3, expect.stringContaining(dir("file"))]);
      expect(errors).toMatch(
        /STORE_NOT_DIRECTORY: .*: name an empty directory, one that a brick made, or a new one/,
      );
    }
    const [code, errors] = await refusal(...volume("/proc/none/b0"));
    expect([code, errors]).toEqual([
      3,
      expect.stringContaining("/proc/none cannot be made there: name another"),
    ]);
  });

  it("TLS files that do not go together, and says what is needed", async () => {
    writeFileSync(dir("bad.pem"), "no certificate");
    const files = ["--tls-cert", "--tls-key", "--tls-ca"].flatMap((option) => [option, dir("bad.pem")]);
    const [code, errors] = await refusal("--volume", "d", "--brick", dir("b"), ...files);
    expect([code, errors]).toEqual([2, expect.stringMatching(/make no TLS identity: name a certificate/)]);
    expect(existsSync(dir("b"))).toBe(false);
  });

  it("a store by two names, and says who uses it", async () => {
    mkdirSync(dir("b0"));
    symlinkSync(dir("b0"), dir("same"));
    const [code, errors] = await refusal("--volume", "d", "--brick", dir("b0"), "--brick", dir("same"));
    expect([code, errors]).toEqual([2, expect.stringMatching(/b0 .*same are one directory/)]);
  });

  it("a port that is in use, and says which and what to do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const [code, errors] = await refusal(
      "--volume",
      "d",
      "--brick",
      dir("b"),
      "--listen",
      `127.0.0.1:${port}`,
    );
    expect([code, errors]).toEqual([4, expect.stringContaining(`${port}; end whoever listens there`)]);
    expect(existsSync(dir("b"))).toBe(false);
    server.close();
  });
});
