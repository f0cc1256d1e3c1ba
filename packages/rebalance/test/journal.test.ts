import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Intent, type Journal, type JournalHeader, MemoryJournal } from "../src/index.js";
import { openFileJournal } from "../src/journal-file-driver.js";
import { encodeRecords, parseJournal } from "../src/journal-text.js";
import { RunTally } from "../src/run-tally.js";
import { makeFile, newGfid, random, rebalance, twoBricks } from "./two-bricks.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const brick = (name: string): JournalHeader["source"] => ({ id: newGfid(), name });
const header = (): JournalHeader => ({
  version: 2,
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

const first = { type: "journal", version: 2 };
const run = { type: "run", header: header() };

const kinds: readonly (readonly [string, () => Journal])[] = [
  ["in memory", () => new MemoryJournal()],
  ["in a file", () => openFileJournal({ directory })],
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

describe("a journal in a file", () => {
  it("is there when it is opened again, for reading too", async () => {
    const journal = openFileJournal({ directory });
    const about = header();
    const gfid = newGfid();
    await journal.begin(about);
    await journal.intent(intent(gfid));
    const reader = openFileJournal({ directory, readOnly: true });
    expect(reader.status()).toMatchObject({ header: about, intents: [intent(gfid)] });
    await reader.close();
    await journal.close();
    const again = openFileJournal({ directory });
    expect(again.status()?.intents).toEqual([intent(gfid)]);
    await again.committed(gfid);
    expect(again.status()?.intents).toEqual([{ ...intent(gfid), phase: "committed" }]);
    await again.close();
  });

  it("makes its directory and those above, or says why not", async () => {
    const deep = join(directory, "not", "there", "yet");
    await openFileJournal({ directory: deep }).close();
    await openFileJournal({ directory: deep }).close();
    writeFileSync(join(directory, "file"), "");
    expect(() => openFileJournal({ directory: join(directory, "file") })).toThrow(/EEXIST/);
    expect(() => openFileJournal({ directory: join(directory, "file", "below") })).toThrow(/ENOTDIR/);
  });

  it.runIf(process.platform === "linux")("is refused where the system makes no directories", () => {
    expect(() => openFileJournal({ directory: "/proc/none/journal" })).toThrow(/ENOENT/);
  });

  it("is one process's at a time; that of a process that is gone is free", async () => {
    const journal = openFileJournal({ directory });
    expect(() => openFileJournal({ directory })).toThrow(/REBALANCE_JOURNAL_IN_USE.*process \d+ is using it/);
    await journal.close();
    writeFileSync(join(directory, "lock"), "999999999 gone");
    await openFileJournal({ directory }).close();
    // The number of a process that was killed, used again by this one.
    writeFileSync(join(directory, "lock"), `${process.pid} another-boot/1`);
    await openFileJournal({ directory }).close();
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
      await openFileJournal({ directory }).close();
      parent.kill();
    },
  );

  /** The lines of a journal of three files, one of which is committed. */
  async function written(): Promise<Buffer> {
    const journal = openFileJournal({ directory });
    await journal.begin(header());
    const gfids = [newGfid(), newGfid(), newGfid()] as const;
    for (const gfid of gfids) await journal.intent(intent(gfid));
    await journal.committed(gfids[1]);
    await journal.note(new RunTally().snapshot(3), "running");
    await journal.done(gfids[0]);
    await journal.close();
    return readFileSync(join(directory, "journal"));
  }

  const refusal = (bytes: Uint8Array, code: string) => {
    writeFileSync(join(directory, "journal"), bytes);
    for (const readOnly of [false, true]) {
      expect(() => openFileJournal({ directory, readOnly })).toThrow(expect.objectContaining({ code }));
      // Refused again, so the refusal has let go of it; and what is damaged stays there for who looks into it.
      expect(readFileSync(join(directory, "journal"))).toEqual(Buffer.from(bytes));
    }
  };

  it.each([
    ["a file that is no journal", [7, "eleven", null], "REBALANCE_JOURNAL_DAMAGED"],
    ["another version", [{ type: "journal", version: 99 }], "REBALANCE_JOURNAL_VERSION"],
    ["a record of another form", [first, { type: "run", header: 5 }], "REBALANCE_JOURNAL_DAMAGED"],
    ["a record of no run", [first, { type: "done", gfid: ROOT_GFID }], "REBALANCE_JOURNAL_DAMAGED"],
    ["two runs", [first, run, run], "REBALANCE_JOURNAL_DAMAGED"],
    [
      "the end of what was not begun",
      [first, run, { type: "done", gfid: ROOT_GFID }],
      "REBALANCE_JOURNAL_DAMAGED",
    ],
  ])("refuses %s before anything is moved, with whole lines and right checksums too", (_, records, code) => {
    refusal(encodeRecords(records as never, 0).bytes, code);
  });

  it("refuses what a release before wrote, and says how to go on", () => {
    writeFileSync(join(directory, "journal.mdb"), "");
    expect(() => openFileJournal({ directory })).toThrow(
      /REBALANCE_JOURNAL_VERSION.*go on with the release that wrote it, or use another directory/,
    );
  });

  it("refuses every changed bit and every missing line", async () => {
    const bytes = await written();
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8));
      expect(() => parseJournal(spoilt), `bit ${at % 8} of byte ${at}`).toThrow(/REBALANCE_JOURNAL_DAMAGED/);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(1_200);
    const lines = bytes.toString().split("\n").slice(0, -1);
    expect(lines).toHaveLength(8);
    for (let at = 0; at + 1 < lines.length; at += 1) {
      refusal(Buffer.from(`${lines.toSpliced(at, 1).join("\n")}\n`), "REBALANCE_JOURNAL_DAMAGED");
    }
    refusal(Buffer.from(`${lines.join("\n")}\n${lines.at(-1)}\n`), "REBALANCE_JOURNAL_DAMAGED");
  });

  it("leaves out a last write that was torn, wherever, and goes on after what is whole", async () => {
    const bytes = await written();
    const start = bytes.lastIndexOf("\n", bytes.length - 2) + 1;
    const whole = parseJournal(bytes.subarray(0, start));
    for (let end = start; end < bytes.length; end += 1) {
      for (const zeros of [0, 1, 4_096]) {
        const torn = Buffer.concat([bytes.subarray(0, end), Buffer.alloc(zeros)]);
        expect(parseJournal(torn)).toEqual(whole);
      }
    }
    writeFileSync(
      join(directory, "journal"),
      Buffer.concat([bytes.subarray(0, bytes.length - 9), Buffer.alloc(99)]),
    );
    const reader = openFileJournal({ directory, readOnly: true });
    expect(reader.status()?.intents).toHaveLength(3);
    await reader.close();
    const journal = openFileJournal({ directory });
    expect(journal.status()?.intents).toHaveLength(3);
    const gfid = newGfid();
    await journal.intent(intent(gfid));
    await journal.close();
    expect(openFileJournal({ directory, readOnly: true }).status()?.intents).toHaveLength(4);
  });

  it("refuses a rest that no write would have left", async () => {
    const bytes = await written();
    const rests = ["x", "0000001", "0000000g", "00000001 00000000 {}", "00000010 0000\u0000\u0000{", "\n"];
    for (const rest of rests.filter((text) => text !== "0000001")) {
      refusal(Buffer.concat([bytes, Buffer.from(rest)]), "REBALANCE_JOURNAL_DAMAGED");
    }
    expect(() => parseJournal(Buffer.concat([bytes, Buffer.from("0000001")]))).not.toThrow();
  });

  it("stays small however much is noted, and holds what counts", async () => {
    const journal = openFileJournal({ directory });
    await journal.begin(header());
    const kept = newGfid();
    await journal.intent(intent(kept));
    let largest = 0;
    for (let round = 0; round < 200; round += 1) {
      const gfids = Array.from({ length: 32 }, newGfid);
      await Promise.all(gfids.map((gfid) => journal.intent({ ...intent(gfid), path: "/p".repeat(200) })));
      await Promise.all(gfids.map((gfid) => journal.done(gfid)));
      largest = Math.max(largest, statSync(join(directory, "journal")).size);
    }
    expect(largest).toBeGreaterThan(1_000_000);
    expect(largest).toBeLessThan(1_200_000);
    await journal.close();
    const again = openFileJournal({ directory });
    expect(again.status()?.intents).toEqual([intent(kept)]);
    await again.close();
  });

  it.runIf(process.platform === "linux" && process.getuid?.() === 0)(
    "rejects everything after the disk has failed, and what had come to the disk is there",
    async () => {
      const disk = join(directory, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
      try {
        const journal = openFileJournal({ directory: disk });
        await journal.begin(header());
        const noted: Gfid[] = [];
        const failed = await (async () => {
          for (;;) {
            const gfid = newGfid();
            try {
              await journal.intent(intent(gfid));
            } catch (error) {
              return error as NodeJS.ErrnoException;
            }
            noted.push(gfid);
          }
        })();
        expect(failed.code).toBe("ENOSPC");
        await expect(journal.intent(intent(newGfid()))).rejects.toBe(failed);
        await journal.close();
        const again = openFileJournal({ directory: disk, readOnly: true });
        expect(
          again
            .status()
            ?.intents.map(({ gfid }) => gfid)
            .slice(0, noted.length),
        ).toEqual(noted);
        expect(noted.length).toBeGreaterThan(100);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});

describe("a run with a journal", () => {
  it("leaves no intent, and says how it ended", async () => {
    const { source, destination, close } = await twoBricks();
    for (let index = 0; index < 5; index += 1) await makeFile(source, `f${index}`, random.bytes(100));
    const journal = openFileJournal({ directory });
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
