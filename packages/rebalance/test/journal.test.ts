import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Intent, type Journal, type JournalHeader, MemoryJournal } from "../src/index.js";
import { openLmdbJournal } from "../src/journal-lmdb.js";
import { RunTally } from "../src/run-tally.js";
import { makeFile, newGfid, random, rebalance, twoBricks } from "./two-bricks.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const brick = (name: string): JournalHeader["source"] => ({ id: newGfid(), name });
const header = (): JournalHeader => ({
  version: 1,
  source: brick("b0"),
  destination: brick("b1"),
  protection: "lease",
  startedWallMs: 1,
});
const intent = (gfid: Gfid): Intent => ({
  gfid,
  path: "/d/f\udcff",
  link: { pargfid: ROOT_GFID, bname: "f\udcff" },
  fence: "18446744073709551615",
  phase: "intent",
});

const kinds: readonly (readonly [string, () => Journal])[] = [
  ["in memory", () => new MemoryJournal()],
  ["in LMDB", () => openLmdbJournal({ directory })],
];

describe.each(kinds)("a journal %s", (_, create) => {
  it("keeps what was noted, and forgets files that are done", async () => {
    const journal = create();
    expect(journal.status()).toBeUndefined();
    const about = header();
    await journal.begin(about);
    const [one, two, three] = [newGfid(), newGfid(), newGfid()];
    for (const gfid of [one, two, three]) await journal.intent(intent(gfid));
    await journal.committed(two);
    await journal.done(one);
    await journal.committed(one);
    const counts = new RunTally().snapshot(3);
    await journal.note(counts, "running");
    const status = journal.status();
    expect(status).toMatchObject({ header: about, state: "running", counts });
    expect(status?.intents.toSorted((a, b) => a.gfid.localeCompare(b.gfid))).toEqual([
      { ...intent(two), phase: "committed" },
      intent(three),
    ]);
    await journal.begin(about);
    expect(journal.status()).toMatchObject({ counts: undefined, intents: [] });
    await journal.close();
  });
});

describe("a journal in LMDB", () => {
  it("is there when it is opened again, for reading too", async () => {
    const journal = openLmdbJournal({ directory });
    const about = header();
    const gfid = newGfid();
    await journal.begin(about);
    await journal.intent(intent(gfid));
    const reader = openLmdbJournal({ directory, readOnly: true });
    expect(reader.status()).toMatchObject({ header: about, intents: [intent(gfid)] });
    await reader.close();
    await journal.close();
    const again = openLmdbJournal({ directory });
    expect(again.status()?.intents).toEqual([intent(gfid)]);
    await again.committed(gfid);
    expect(again.status()?.intents).toEqual([{ ...intent(gfid), phase: "committed" }]);
    await again.close();
  });

  it("makes its directory and those above, or says why not", async () => {
    const deep = join(directory, "not", "there", "yet");
    await openLmdbJournal({ directory: deep }).close();
    await openLmdbJournal({ directory: deep }).close();
    writeFileSync(join(directory, "file"), "");
    expect(() => openLmdbJournal({ directory: join(directory, "file") })).toThrow(/EEXIST/);
    expect(() => openLmdbJournal({ directory: join(directory, "file", "below") })).toThrow(/ENOTDIR/);
  });

  it.runIf(process.platform === "linux")("is refused where the system makes no directories", () => {
    expect(() => openLmdbJournal({ directory: "/proc/none/journal" })).toThrow(/ENOENT/);
  });

  it("is one process's at a time; that of a process that is gone is free", async () => {
    const journal = openLmdbJournal({ directory });
    expect(() => openLmdbJournal({ directory })).toThrow(/REBALANCE_JOURNAL_IN_USE.*process \d+ is using it/);
    await journal.close();
    writeFileSync(join(directory, "lock"), "999999999 gone");
    await openLmdbJournal({ directory }).close();
    // The number of a process that was killed, used again by this one.
    writeFileSync(join(directory, "lock"), `${process.pid} another-boot/1`);
    await openLmdbJournal({ directory }).close();
  });

  it.runIf(process.platform === "linux")(
    "is free when its process has ended but waits for its parent",
    async () => {
      // The shell becomes `sleep`, which never asks how its child ended; the child ends when that is so.
      const child = "while read name < /proc/$PPID/comm && [ $name != sleep ]; do :; done";
      const parent = spawn("sh", ["-c", `sh -c '${child}' & echo $!; exec sleep 60`], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const [pid] = (await once(parent.stdout, "data")).map((text) => Number(String(text)));
      const fields = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
      await vi.waitFor(() => expect(fields()[2]).toBe("Z"), { timeout: 5_000 });
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      writeFileSync(join(directory, "lock"), `${pid} ${boot}/${fields()[21]}`);
      await openLmdbJournal({ directory }).close();
      parent.kill();
    },
  );

  it.each([
    ["another version", "header", { ...header(), version: 99 }, "REBALANCE_JOURNAL_VERSION"],
    ["a header of another form", "header", { version: 1, source: 5 }, "REBALANCE_JOURNAL_DAMAGED"],
    ["a damaged intent", "intent/x", { gfid: "x" }, "REBALANCE_JOURNAL_DAMAGED"],
    ["a damaged note", "note", { state: "done" }, "REBALANCE_JOURNAL_DAMAGED"],
  ])("refuses %s before anything is moved", async (_, key, value, code) => {
    const database = open<unknown, string>({ path: join(directory, "journal.mdb"), encoding: "json" });
    await database.put("header", header());
    await database.put(key, value);
    await database.close();
    expect(() => openLmdbJournal({ directory })).toThrow(expect.objectContaining({ code }));
    // The refusal has let go of it.
    expect(() => openLmdbJournal({ directory })).toThrow(expect.objectContaining({ code }));
  });

  async function damaged(change: (bytes: Buffer) => Buffer, isSealed: boolean) {
    const journal = openLmdbJournal({ directory });
    await journal.begin(header());
    for (let index = 0; index < 200; index += 1) await journal.intent(intent(newGfid()));
    await journal.close();
    const file = join(directory, "journal.mdb");
    writeFileSync(file, change(readFileSync(file)));
    if (!isSealed) rmSync(join(directory, "journal.seal"));
  }

  it.each([
    ["garbage", (bytes: Buffer) => Buffer.alloc(bytes.length, 7), false],
    ["too short", (bytes: Buffer) => bytes.subarray(0, 100), false],
    ["cut in half", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1), false],
    ["overwritten at its head", (bytes: Buffer) => bytes.fill(9, 0, 8_192), false],
    [
      "overwritten in the middle",
      (bytes: Buffer) => bytes.fill(9, bytes.length >> 1, (bytes.length >> 1) + 64),
      true,
    ],
  ] as const)("refuses a file that is %s, and the process lives", async (_, change, isSealed) => {
    await damaged(change, isSealed);
    expect(() => openLmdbJournal({ directory })).toThrow(
      expect.objectContaining({ code: "REBALANCE_JOURNAL_DAMAGED" }),
    );
  });
});

describe("a run with a journal", () => {
  it("leaves no intent, and says how it ended", async () => {
    const { source, destination, close } = await twoBricks();
    for (let index = 0; index < 5; index += 1) await makeFile(source, `f${index}`, random.bytes(100));
    const journal = openLmdbJournal({ directory });
    await rebalance().run({ source, destination, journal });
    expect(journal.status()).toMatchObject({ state: "finished", intents: [], counts: { moved: 5 } });
    await journal.close();
    await close();
  });

  it("refuses that of other bricks, and an unfinished one unless it is to go on", async () => {
    const { source, destination, close } = await twoBricks();
    const foreign = new MemoryJournal();
    await foreign.begin(header());
    await expect(
      rebalance().run({ source, destination, journal: foreign, resume: true }),
    ).rejects.toMatchObject({
      code: "REBALANCE_JOURNAL_OTHER_PAIR",
    });
    const own = new MemoryJournal();
    await rebalance().run({ source, destination, journal: own });
    await own.note(new RunTally().snapshot(0), "running");
    await own.intent(intent(newGfid()));
    await expect(rebalance().run({ source, destination, journal: own })).rejects.toMatchObject({
      code: "REBALANCE_JOURNAL_UNFINISHED",
    });
    const report = await rebalance().run({ source, destination, journal: own, resume: true });
    // Neither brick knows the file of that intent.
    expect(report.counts.vanished).toBe(1);
    expect(own.status()).toMatchObject({ state: "finished", intents: [] });
    await close();
  });
});
