import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, succeed, until } from "./support/command.js";
import { DurableWriter, lostBlocks } from "./support/durable-writer.js";
import { freePort } from "./support/free-port.js";
import { mountVolume } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { emulatorCli, ServedVolumes } from "./support/served-volume.js";

/** Blocks that are written before, and after, each restart; more for a longer run by hand. */
const BLOCKS = Number(process.env["BRICKSHIFT_VOLUME_BLOCKS"] ?? 200);

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const host = "127.0.0.1";
const bricksOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ["--brick", scratch.path(`b${index}`)]).flat();
const serve = (args: readonly string[]) =>
  ServedVolumes.start(scratch, args.includes("--listen") ? args : [...args, "--listen", `${host}:0`]);
const readAll = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(`${path}/${name}`, "utf8")]));

describe("a volume in one command", () => {
  it.each([1, 2])("of %i bricks is mounted by the mount command", async (count) => {
    const served = await serve(["--volume", "demo", ...bricksOf(count)]);
    const { port } = served;
    const mount = await mountVolume(scratch, { host, port, volume: "demo" });
    const files = Object.fromEntries(
      Array.from({ length: 24 }, (_, index) => [`f${index}`, `content ${index}`]),
    );
    for (const [name, content] of Object.entries(files)) writeFileSync(`${mount.path}/${name}`, content);
    expect(readFileSync(`${mount.path}/.meta/graphs/active/demo-client-0/type`, "utf8").trim()).toBe(
      "protocol/client",
    );
    await mount.unmount();
    const again = await mountVolume(scratch, { host, port, volume: "demo" }, "again");
    expect(readAll(again.path)).toEqual(files);
    await again.unmount();
    // Each of the bricks got a share of the files, each file one brick.
    expect(volumesOf(served)[0]?.bricks.map(({ name }) => name)).toEqual(
      Array.from({ length: count }, (_, index) => scratch.path(`b${index}`)),
    );
    const blobs = Array.from({ length: count }, (_, index) => blobCount(scratch.path(`b${index}`)));
    expect(blobs.reduce((sum, blob) => sum + blob, 0)).toBe(24);
    expect(Math.min(...blobs)).toBeGreaterThan(0);
  });

  it("is refused by name when there is no such volume, and the mount fails", async () => {
    const served = await serve(["--volume", "demo", ...bricksOf(1)]);
    const directory = scratch.path("mnt");
    mkdirSync(directory);
    const options = `server-port=${served.port},log-file=${scratch.path("log")}`;
    const { code } = await run("mount", ["-t", "glusterfs", "-o", options, `${host}:/nobody`, directory]);
    expect(code).not.toBe(0);
    expect(served.count("volfile-unknown", { key: "/nobody" })).toBeGreaterThan(0);
  });

  it("is used by a gfapi program that names the volume server", async () => {
    const served = await serve(["--volume", "demo", ...bricksOf(2)]);
    const program = scratch.path("gfapi-volume");
    const source = fileURLToPath(new URL("programs/gfapi-volume.c", import.meta.url));
    await succeed("gcc", ["-Wall", "-Werror", "-o", program, source, "-lgfapi"]);
    const output = await succeed(program, [host, String(served.port), "demo", scratch.path("gfapi.log")]);
    expect(output).toBe(`${volumesOf(served)[0]?.id.replaceAll("-", "")} written through gfapi\n`);
  });

  it("listens at port 24007 by default, where clients look for it", async () => {
    const directory = scratch.path("mnt");
    mkdirSync(directory);
    // A network of its own, where nobody else has that port; what is mounted and started there ends with the script.
    const script = `
      set -e
      ip link set lo up
      exec 3< <(exec "$NODE" "$CLI" serve --volume demo --brick "$DIR/b0" --brick "$DIR/b1" --json)
      server=$!
      trap 'umount -l "$DIR/mnt" 2>/dev/null || true; kill $server; wait $server || true' EXIT
      read -r listening <&3
      echo "$listening" | grep -o '"address":"tcp://127.0.0.1:24007"'
      mount -t glusterfs -o log-file="$DIR/log" 127.0.0.1:/demo "$DIR/mnt"
      echo content > "$DIR/mnt/file"
      cat "$DIR/mnt/file"
      umount "$DIR/mnt"
    `;
    const env = { ...process.env, NODE: process.execPath, CLI: emulatorCli, DIR: scratch.directory };
    const { code, stdout, stderr } = await run("unshare", ["-nm", "bash", "-c", script], { env });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '"address":"tcp://127.0.0.1:24007"\ncontent\n',
      stderr: "",
    });
  });
});

describe("a restart under a mounted client", () => {
  it.each([
    ["SIGTERM", false, ["performance.write-behind=off"]],
    ["SIGKILL", false, ["performance.write-behind=off"]],
    // Stock defaults: a write is acknowledged by the client's cache, and kept once an fsync is.
    ["SIGKILL", true, []],
  ] as const)(
    "by %s, with fsync %s, lets an open file go on and loses nothing that was acknowledged",
    async (signal, isSynced, options) => {
      const port = await freePort();
      const start = async () =>
        serve([
          ...["--volume", "demo", ...bricksOf(2), "--listen", `${host}:${port}`],
          ...["--brick-port", String(await freePort())],
          ...options.flatMap((option) => ["--option", option]),
        ]);
      const first = await start();
      const mount = await mountVolume(scratch, { host, port, volume: "demo" });
      const writer = await DurableWriter.start(`${mount.path}/open`, isSynced);
      await until("the first blocks", () => writer.acknowledged >= BLOCKS);
      expect(writer.refusals).toEqual([]);
      expect(await first.stop(signal)).toBe(signal === "SIGTERM" ? 0 : signal);
      await until("a refusal while there is no brick", () => writer.refusals.includes("ENOTCONN"));
      const before = writer.acknowledged;
      const second = await start();
      // At another port than before, which only the port map tells.
      const portOf = (served: ServedVolumes) => volumesOf(served)[0]?.address;
      expect(portOf(second)).not.toBe(portOf(first));
      await until("more blocks", () => writer.acknowledged >= before + BLOCKS, 60_000);
      await writer.stop();
      await mount.unmount();
      const again = await mountVolume(scratch, { host, port, volume: "demo" }, "again");
      const content = readFileSync(`${again.path}/open`);
      expect(lostBlocks(content, writer.acknowledged)).toEqual([]);
    },
  );
});

describe("volumes in one process", () => {
  it("are apart, and a changed option reaches the mounted client of its volume only", async () => {
    const config = scratch.path("volumes.json");
    const write = (options: Readonly<Record<string, string | number>>) => {
      const volumes = [
        { name: "a", bricks: ["a0", "a1"], options },
        { name: "b", bricks: ["b0"] },
      ];
      writeFileSync(config, JSON.stringify({ volumes }));
    };
    write({});
    const served = await serve(["--config", config]);
    const { port } = served;
    const a = await mountVolume(scratch, { host, port, volume: "a" }, "a");
    const b = await mountVolume(scratch, { host, port, volume: "b" }, "b");
    writeFileSync(`${a.path}/f`, "of a");
    writeFileSync(`${b.path}/f`, "of b");
    expect([readAll(a.path), readAll(b.path)]).toEqual([{ f: "of a" }, { f: "of b" }]);

    const reconfigure = async () => {
      const seen = served.count("reconfigured");
      served.signal("SIGHUP");
      await served.until(() => served.count("reconfigured") === seen + 2);
      return served.events.filter(({ event }) => event === "reconfigured").slice(-2);
    };
    expect(await reconfigure()).toMatchObject([
      { volume: "a", isChanged: false, clients: 0 },
      { volume: "b", isChanged: false, clients: 0 },
    ]);
    expect(served.count("volfile-fetched")).toBe(2);

    // A value: the running graph takes it over.
    const isDebugging = () => / D \[/.test(a.log());
    expect(isDebugging()).toBe(false);
    write({ "diagnostics.client-log-level": "DEBUG" });
    expect(await reconfigure()).toMatchObject([
      { volume: "a", isChanged: true, clients: 1 },
      { volume: "b", isChanged: false, clients: 0 },
    ]);
    await until("the new log level", () => {
      writeFileSync(`${a.path}/f`, "of a");
      return isDebugging();
    });

    // Another graph: the client moves to it, with what is open.
    const writer = await DurableWriter.start(`${a.path}/open`, true);
    await until("the first blocks", () => writer.acknowledged > 10);
    const hasCache = () => existsSync(`${a.path}/.meta/graphs/active/a-quick-read`);
    expect(hasCache()).toBe(true);
    write({ "performance.quick-read": "off" });
    await reconfigure();
    await until("the new graph", () => !hasCache());
    const then = writer.acknowledged;
    await until("blocks through the new graph", () => writer.acknowledged > then + 10);
    await writer.stop();
    expect(lostBlocks(readFileSync(`${a.path}/open`), writer.acknowledged)).toEqual([]);
    expect(readFileSync(`${a.path}/f`, "utf8")).toBe("of a");
    expect(served.count("volfile-fetched", { volume: "b" })).toBe(1);
    expect(served.count("volfile-fetched", { volume: "a" })).toBe(3);
    await a.unmount();
    await b.unmount();
    expect(await served.stop()).toBe(0);
  });
});

interface ServedVolume {
  readonly id: string;
  readonly address: string;
  readonly bricks: readonly { readonly name: string }[];
}

/** What was said of the volumes when they listened. */
function volumesOf({ events }: ServedVolumes): readonly ServedVolume[] {
  return (events[0] as { readonly volumes: readonly ServedVolume[] } | undefined)?.volumes ?? [];
}

/** Files of a store that hold data. */
function blobCount(directory: string): number {
  return readdirSync(`${directory}/data`, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;
}
