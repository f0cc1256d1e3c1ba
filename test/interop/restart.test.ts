import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { open, opendir, readFile, stat, statfs, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./support/command.js";
import { clientVolfile, type FuseMount, mountVolfile, uncached } from "./support/fuse-mount.js";
import { onBothKinds } from "./support/live-brick.js";
import { type Locker, startLocker } from "./support/locker.js";
import { outcome, outcomeOf } from "./support/outcome.js";
import { Scratch } from "./support/scratch.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** What node calls the errno that it does not know, 77. */
const EBADFD = "Unknown system error -77";
/** What happened, step by step. */
type Diary = Record<string, unknown>;

/** A client tells that a brick is back when it has opened again what it can. */
const isBack = (mount: FuseMount) =>
  until("the brick", async () => typeof (await outcomeOf(statfs(mount.path))) === "object");

function readAt(fd: number): string {
  const bytes = Buffer.alloc(10);
  return outcome(() => bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0)));
}

it("goes on with what is open, and answers what has no name any more, as a stock brick that was killed and started", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const brick = await start(scratch, "b0");
    const mount = await mountVolfile(scratch, clientVolfile([brick]), `${brick.kind}-mnt`, uncached);
    const at = (name: string) => `${mount.path}/${name}`;
    for (const name of ["open", "unnamed", "appended"]) writeFileSync(at(name), "0123456789");
    const fd = openSync(at("open"), "r+");
    const appending = openSync(at("appended"), "a");
    const unnamed = openSync(at("unnamed"), "r+");
    const directory = await opendir(mount.path);
    unlinkSync(at("unnamed"));
    const diary: Diary = {
      "unnamed, before": [outcome(() => writeSync(unnamed, "still", 0)), readAt(unnamed)],
    };
    await brick.stop();
    diary["down"] = [
      outcome(() => writeSync(fd, "lost", 0)),
      readAt(fd),
      outcome(() => writeSync(appending, "lost")),
      outcome(() => fstatSync(fd).size),
      outcome(() => openSync(at("open"), "r")),
    ];
    await brick.start();
    await isBack(mount);
    diary["open"] = [outcome(() => writeSync(fd, "back", 0)), readAt(fd), outcome(() => fstatSync(fd).size)];
    diary["appended"] = [
      outcome(() => writeSync(appending, "after")),
      await outcomeOf(readFile(at("appended"), "utf8")),
    ];
    diary["unnamed, after"] = [
      outcome(() => writeSync(unnamed, "again", 0)),
      readAt(unnamed),
      outcome(() => fstatSync(unnamed).nlink),
      outcome(() => closeSync(unnamed)),
    ];
    const listed: string[] = [];
    for await (const entry of directory) listed.push(entry.name);
    diary["directory"] = listed.toSorted();
    for (const one of [fd, appending]) closeSync(one);
    return diary;
  });
  expect(ours).toEqual(stock);
  expect(ours).toEqual({
    "unnamed, before": [5, "still56789"],
    down: ["ENOTCONN", "ENOTCONN", "ENOTCONN", EBADFD, "ENOTCONN"],
    open: [4, "back456789", 10],
    appended: [5, "0123456789after"],
    // It went with the brick that had it open: nothing else referred to it.
    "unnamed, after": ["ENOENT", "ENOENT", EBADFD, EBADFD],
    directory: ["appended", "open"],
  });
});

it.each([
  ["off", "a client does not take its locks again, and who comes first has them"],
  ["on", "fds that had locks are bad from then on"],
] as const)(
  "forgets locks when it is killed, as a stock brick: with strict-locks %s %s",
  async (strict, _then) => {
    const { ours, stock } = await onBothKinds(async (start) => {
      const brick = await start(scratch, "b0");
      const volfile = clientVolfile([brick], { "strict-locks": strict });
      const one = await mountVolfile(scratch, volfile, `${brick.kind}-one`, uncached);
      const other = await mountVolfile(scratch, volfile, `${brick.kind}-other`, uncached);
      writeFileSync(`${one.path}/f`, "0123456789");
      const lockerOf = (mount: FuseMount) => startLocker(scratch, `${mount.path}/f`);
      const lockers: Record<string, Locker> = {
        ann: lockerOf(one),
        bob: lockerOf(one),
        eve: lockerOf(other),
      };
      const diary: Diary = {};
      const ask = async (who: string, step: string) => {
        diary[`${Object.keys(diary).length}: ${who} ${step}`] = await lockers[who]?.ask(step);
      };
      /** Which of the two it is depends on whether the mount has marked its fds yet. */
      const askWhileDown = async (who: string, step: string) => {
        const answer = (await lockers[who]?.ask(step)) ?? "";
        diary[`${Object.keys(diary).length}: ${who} ${step}`] = answer.replace("ENOTCONN", "EBADFD");
      };
      await ask("ann", "fcntl write 0 10");
      await ask("eve", "fcntl write 0 10");
      const waits = lockers["eve"]?.ask("fcntl write 0 10 wait");
      await lockers["eve"]?.sleeps();
      // A mount takes what it is asked in order: when it answers this, it has sent the lock call to the brick.
      await stat(`${other.path}/f`);
      await ask("bob", "get read 0 0");
      await brick.stop();
      diary["eve, who waited"] = await waits;
      for (const who of ["ann", "bob", "eve"]) await askWhileDown(who, "fcntl write 0 10");
      await brick.start();
      await isBack(one);
      await isBack(other);
      await ask("bob", "get read 0 0");
      await ask("eve", "fcntl write 0 10");
      await ask("ann", "fcntl write 0 10");
      await ask("ann", "fcntl unlock 0 0");
      await ask("ann", "get read 0 0");
      await ask("eve", "fcntl unlock 0 0");
      await ask("ann", "fcntl write 0 10");
      await ask("bob", "fcntl write 0 10");
      await ask("ann", "close");
      await ask("bob", "fcntl write 0 10");
      return diary;
    });
    expect(ours).toEqual(stock);
    expect(ours).toMatchObject({
      "eve, who waited": "ENOTCONN",
      "4: ann fcntl write 0 10": "EBADFD",
      "7: bob get read 0 0": "free",
      "8: eve fcntl write 0 10": "ok",
      "9: ann fcntl write 0 10": strict === "on" ? "EBADFD" : "EAGAIN",
      "13: ann fcntl write 0 10": strict === "on" ? "EBADFD" : "ok",
    });
  },
);

it("is given up by a client when it does not answer for longer than its ping timeout, and used again once it does", async () => {
  const { ours, stock } = await onBothKinds(async (start) => {
    const brick = await start(scratch, "b0");
    const mount = await mountVolfile(
      scratch,
      clientVolfile([brick], { "ping-timeout": 2 }),
      `${brick.kind}-mnt`,
      uncached,
    );
    const at = (name: string) => `${mount.path}/${name}`;
    await writeFile(at("f"), "0123456789");
    const fd = await open(at("f"), "r+");
    const written = (text: string) => outcomeOf(fd.write(text, 0).then(({ bytesWritten }) => bytesWritten));
    const locker = startLocker(scratch, at("f"));
    const lock = await locker.ask("fcntl write 0 10");
    brick.signal("SIGSTOP");
    const stopped = await Promise.all([
      written("x"),
      outcomeOf(readFile(at("f"), "utf8")),
      outcomeOf(writeFile(at("new"), "new")),
    ]);
    brick.signal("SIGCONT");
    await isBack(mount);
    const after = [
      await written("back"),
      await outcomeOf(readFile(at("f"), "utf8")),
      await outcomeOf(writeFile(at("new"), "new")),
      await locker.ask("fcntl write 0 10"),
    ];
    await fd.close();
    return { lock, stopped, after, log: /has not responded in the last 2 seconds/.test(mount.log()) };
  });
  expect(ours).toEqual(stock);
  expect(ours).toEqual({
    lock: "ok",
    stopped: ["ENOTCONN", "ENOTCONN", "ENOTCONN"],
    after: [4, "back456789", undefined, "ok"],
    log: true,
  });
});
