import { mkdirSync, readdirSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed } from "./support/command.js";
import { clientVolfile, mountVolfile, mountVolume } from "./support/fuse-mount.js";
import { tellRun } from "./support/moving-sizes.js";
import { compileMovingWriters, MovingWriters } from "./support/moving-writers.js";
import { move, verify } from "./support/rebalance-runner.js";
import { Scratch } from "./support/scratch.js";
import { ServedVolumes } from "./support/served-volume.js";

const sizeBytes = Number(process.env["BYTES"] ?? 32 * 1_048_576);
const host = "127.0.0.1";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

it("loses no write while a file moves between bricks of a served volume, whose names are in the link files", async () => {
  const program = await compileMovingWriters(scratch);
  const bricks = [scratch.path("b0"), scratch.path("b1")] as const;
  // Without what answers from a cache, so that a stale read is the bricks'.
  const caches = ["quick-read", "stat-prefetch", "open-behind", "write-behind"];
  const served = await ServedVolumes.start(scratch, [
    ...["--volume", "demo", "--brick", bricks[0], "--brick", bricks[1], "--listen", `${host}:0`],
    ...caches.flatMap((name) => ["--option", `performance.${name}=off`]),
  ]);
  const server = { host, port: served.port, volume: "demo" };
  const mounts = [
    await mountVolume(scratch, server, "one"),
    await mountVolume(scratch, server, "two"),
  ] as const;
  mkdirSync(`${mounts[0].path}/d`);
  const writing = new MovingWriters(scratch, program, {
    file: `${mounts[0].path}/d/big`,
    elsewhere: [`${mounts[1].path}/d/big`],
    sizeBytes,
    writers: 8,
    writesPerSecondEach: 10,
  });
  await writing.fill();
  const volumes = served.events[0]?.["volumes"] as readonly { readonly address: string }[] | undefined;
  const { port } = new URL(String(volumes?.[0]?.address));
  const url = (index: number) => `gluster://${host}:${port}/${bricks[index]}`;
  const dataOf = (index: number) =>
    readdirSync(`${bricks[index]}/data`, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
  // There is one file with data, and only one brick has it.
  let from = dataOf(0).length > 0 ? 0 : 1;
  /** What the link file says, and what it should. */
  let linked: readonly string[] = [];
  for (let run = 1; run <= 2; run += 1) {
    const to = 1 - from;
    const running = writing.start(scratch);
    await running.written(500);
    await running.nextPhase();
    const report = await move(scratch, url(from), url(to), ["/d/big"]);
    await running.nextPhase();
    await running.written(500);
    const status = await running.stop();
    const comparison = await writing.compare();
    tellRun(
      `run ${run}, demo-client-${from} to demo-client-${to}`,
      status,
      comparison,
      Number(report["seconds"]),
    );
    expect(comparison).toMatchObject({ lost: 0, sizeBytes });
    expect(status).toMatchObject({ errors: 0, firstError: "", stale: 0, firstStale: "", torn: 0 });
    expect(report).toMatchObject({ filesMoved: 1, filesFailed: 0, bytesMoved: sizeBytes });
    expect(status.phases[1].writes).toBeGreaterThan(0);
    // Who mounts anew finds it where it is, by a link file that names the other brick as the graph of the volume does.
    const again = await mountVolume(scratch, server, `again-${run}`);
    expect(statSync(`${again.path}/d/big`).size).toBe(sizeBytes);
    await again.unmount();
    await verify(scratch, url(from), url(to), ["/d/big"]);
    if (run === 1) {
      const brick = { name: bricks[from] ?? "", port: Number(port), subvolume: "raw" };
      const raw = await mountVolfile(scratch, clientVolfile([brick]), "raw");
      const names = ["-n", "trusted.glusterfs.dht.linkto", "--only-values", `${raw.path}/d/big`];
      linked = [(await succeed("getfattr", names)).replace(/\0$/, ""), `demo-client-${to}`];
      await raw.unmount();
    }
    from = to;
  }
  expect(linked).toHaveLength(2);
  expect(linked[0]).toBe(linked[1]);
  for (const mount of mounts) await mount.unmount();
  expect(await served.stop()).toBe(0);
});
