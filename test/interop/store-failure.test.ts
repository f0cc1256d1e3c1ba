import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./support/command.js";
import { mountVolume } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { ServedVolumes } from "./support/served-volume.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const host = "127.0.0.1";
const names = Array.from({ length: 24 }, (_, index) => `f${index}`);
/** Without the translators that would answer from what they know. */
const options = ["quick-read", "stat-prefetch", "open-behind", "write-behind"].flatMap((name) => [
  "--option",
  `performance.${name}=off`,
]);

/** The errno that `act` fails with, or what it gives. */
function outcome<T>(act: () => T): T | string {
  try {
    return act();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

it("a brick that loses its disk is told to mounts, its files fail, and go on with what is open when it is back", async () => {
  const bricks = ["b0", "b1"].map((name) => scratch.path(name)) as [string, string];
  const served = await ServedVolumes.start(scratch, [
    ...["--volume", "demo", "--brick", bricks[0], "--brick", bricks[1], "--listen", `${host}:0`],
    ...["--option", "storage.health-check-interval=1", ...options],
  ]);
  const server = { host, port: served.port, volume: "demo" };
  const mount = await mountVolume(scratch, server);
  const at = (name: string) => `${mount.path}/${name}`;
  for (const name of names) writeFileSync(at(name), `content of ${name}`);
  const open = names.map((name) => ({ name, fd: openSync(at(name), "r+") }));
  const readAll = () => names.map((name) => outcome(() => readFileSync(at(name), "utf8")));
  const whole = names.map((name) => `content of ${name}`);
  expect(readAll()).toEqual(whole);

  renameSync(bricks[1], scratch.path("away"));
  await served.until(() => served.count("child-down") > 0);
  expect(served.count("child-down", { brick: bricks[1], reason: "store" })).toBe(1);
  const heard = (message: string) => mount.log().split(message).length - 1;
  const during = readAll();
  const lost = names.filter((_, index) => during[index] !== whole[index]);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(names.length);
  const failures = during.filter((content, index) => content !== whole[index]);
  // ENOENT: what the distribute translator says of a name that it can ask nobody about. With a stock brick that was killed
  // it is the same.
  expect(failures.filter((errno) => errno !== "ENOTCONN" && errno !== "ENOENT")).toEqual([]);
  const writes = open.map(({ fd }) => outcome(() => writeSync(fd, "C", 0)));
  expect(writes).toEqual(names.map((name) => (lost.includes(name) ? "ENOTCONN" : 1)));
  // Who mounts now is not let in to that brick, and has the other.
  const second = await mountVolume(scratch, server, "second");
  await served.until(() => served.count("session-refused", { code: "BRICK_DOWN" }) > 0);
  const kept = names.find((name) => !lost.includes(name));
  expect(readFileSync(`${second.path}/${kept}`, "utf8")).toBe(`Content of ${kept}`);

  renameSync(scratch.path("away"), bricks[1]);
  await served.until(() => served.count("child-up") > 0);
  await until("all files", () => readAll().every((content) => / of /.test(content)));
  for (const { fd } of open) expect(outcome(() => writeSync(fd, "CONTENT", 0))).toBe(7);
  for (const { fd } of open) closeSync(fd);
  expect(readAll()).toEqual(names.map((name) => `CONTENT of ${name}`));
  const isInSecond = (name: string) => outcome(() => readFileSync(`${second.path}/${name}`, "utf8"));
  await until("the other mount", () => lost.every((name) => isInSecond(name) === `CONTENT of ${name}`));
  // The connections were never lost.
  expect(served.count("session-closed")).toBe(0);
  expect(heard("disconnected from client")).toBe(0);
  await second.unmount();
  await mount.unmount();
  expect(await served.stop()).toBe(0);
});
