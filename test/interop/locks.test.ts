import { writeFileSync } from "node:fs";
import { EntrylkCmd, LkCmd, ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectClient } from "./support/brick-clients.js";
import { until } from "./support/command.js";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, type MountedBrick, mountVolfile } from "./support/fuse-mount.js";
import { startLocker } from "./support/locker.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** Two mounts of the brick, and the processes that fight over a file in them: two in the first, one in the second. */
async function fighters(brick: MountedBrick) {
  const one = await mountVolfile(scratch, clientVolfile([brick]), `${brick.name}-one`);
  const other = await mountVolfile(scratch, clientVolfile([brick]), `${brick.name}-other`);
  writeFileSync(`${one.path}/f`, "0123456789");
  const [ann, bob, eve] = [`${one.path}/f`, `${one.path}/f`, `${other.path}/f`].map((file) =>
    startLocker(scratch, file),
  );
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error("three were started");
  return { ann, bob, eve, one, other };
}

const kinds: Record<string, () => Promise<MountedBrick>> = {
  "an emulated brick": async () => {
    const { port } = await startEmulator(scratch, ["b0"], ["--memory"]);
    return { name: "b0", port };
  },
  "a stock brick": () => startStockBrick(scratch, { name: "b0" }),
};

describe.each(Object.entries(kinds))("two FUSE mounts on %s", (_name, start) => {
  it("exclude each other's POSIX locks, range by range, and let whoever waits go on", async () => {
    const { ann, bob, eve } = await fighters(await start());
    expect(await ann.ask("fcntl write 0 10")).toBe("ok");
    expect(await eve.ask("fcntl write 5 1")).toBe("EAGAIN");
    expect(await bob.ask("fcntl read 9 1")).toBe("EAGAIN");
    expect(await eve.ask("get read 3 100")).toBe("write 0 10");
    expect(await eve.ask("fcntl write 10 0")).toBe("ok");
    expect(await ann.ask("fcntl read 0 20")).toBe("EAGAIN");
    expect(await ann.ask("fcntl unlock 4 2")).toBe("ok");
    expect(await eve.ask("fcntl write 4 2")).toBe("ok");
    expect(await bob.ask("get write 0 4")).toBe("write 0 4");
    expect(await ann.ask("fcntl read 0 4")).toBe("ok");
    expect(await eve.ask("fcntl read 0 4")).toBe("ok");
    const waits = eve.ask("fcntl write 0 4 wait");
    expect(await bob.ask("get write 0 4")).toBe("read 0 4");
    expect(await ann.ask("fcntl unlock 0 0")).toBe("ok");
    expect(await waits).toBe("ok");
    // Ours joins locks that touch, as POSIX allows, a stock brick only those that overlap.
    expect(await ann.ask("get read 0 1")).toMatch(/^write 0 [46]$/);
  });

  it("exclude each other's flock(2)", async () => {
    const { ann, bob, eve } = await fighters(await start());
    expect(await ann.ask("flock exclusive")).toBe("ok");
    expect(await eve.ask("flock shared")).toBe("EAGAIN");
    const waits = eve.ask("flock exclusive wait");
    expect(await bob.ask("flock shared")).toBe("EAGAIN");
    expect(await ann.ask("flock unlock")).toBe("ok");
    expect(await waits).toBe("ok");
    expect(await bob.ask("flock shared")).toBe("EAGAIN");
    expect(await eve.ask("flock shared")).toBe("ok");
    expect(await bob.ask("flock shared")).toBe("ok");
    expect(await ann.ask("flock exclusive")).toBe("EAGAIN");
  });

  it("lose the locks of a file that is closed, of a process that is killed, and of a mount that is gone", async () => {
    const { ann, bob, eve, one } = await fighters(await start());
    expect(await ann.ask("fcntl write 0 0")).toBe("ok");
    expect(await ann.ask("close")).toBe("ok");
    await until(
      "the end of the lock of a closed file",
      async () => (await eve.ask("fcntl write 0 0")) === "ok",
    );
    expect(await eve.ask("fcntl unlock 0 0")).toBe("ok");
    expect(await ann.ask("fcntl write 0 0")).toBe("ok");
    let waits = eve.ask("fcntl write 0 0 wait");
    ann.kill();
    expect(await waits).toBe("ok");
    expect(await eve.ask("fcntl unlock 0 0")).toBe("ok");
    expect(await bob.ask("fcntl write 0 0")).toBe("ok");
    waits = eve.ask("fcntl write 0 0 wait");
    await one.kill();
    expect(await waits).toBe("ok");
  });
});

it("tells the holder of a contended inode lock, once, and of an entry lock never, as a stock brick does", async () => {
  const told = [];
  for (const start of Object.values(kinds)) {
    const brick = await start();
    const [holder, rival] = [
      await connectClient(scratch, brick, 77),
      await connectClient(scratch, brick, 78),
    ];
    const lkOwner = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const flock = { type: 1, whence: 0, start: 4n, len: 8n, pid: 55, lkOwner };
    const lock = { gfid: ROOT_GFID, cmd: LkCmd.setlk, type: 1, flock, volume: "domain" };
    const entry = { gfid: ROOT_GFID, cmd: EntrylkCmd.lockNonBlocking, type: 1, name: "n", volume: "domain" };
    const answers: unknown[] = [];
    for (const client of [holder, rival, rival]) {
      for (const ask of [
        () => client.fops.inodelk(lock),
        () => client.fops.entrylk({ ...entry, namelen: 1 }),
      ]) {
        answers.push(
          await ask().then(
            () => "ok",
            (error: { errno: number }) => error.errno,
          ),
        );
      }
    }
    await holder.fops.statfs({ gfid: ROOT_GFID });
    const heard = [holder, rival].map((client) =>
      client.heard.map(({ name, request }) => ({ name, request })),
    );
    told.push({ answers, heard });
  }
  const [ours, stock] = told;
  expect(ours).toEqual(stock);
  expect(stock?.heard.map((events) => events.length)).toEqual([1, 0]);
});
