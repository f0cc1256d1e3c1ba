import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

const WRITERS = 3;
/** Of each writer. */
const TRANSACTIONS = sizeOf("SQLITE_TRANSACTIONS", 30);

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it.each(["delete", "wal"])(
  "keeps a database whole that several processes write, journal mode %s",
  async (mode) => {
    const file = `${volume.path}/database`;
    const sqlite = async (sql: string) =>
      (await program("sqlite3", ["-bail", file], { input: `.timeout 300000\n${sql}\n` })).stdout.trim();
    expect(
      await sqlite(
        `pragma journal_mode = ${mode};
         create table entry (id integer primary key, writer integer, number integer, text text);
         create index by_number on entry (number);
         create table total (writer integer primary key, entries integer);`,
      ),
    ).toBe(mode);

    const writers = Array.from({ length: WRITERS }, (_, writer) => sqlite(transactions(writer)));
    await Promise.all(writers);

    expect(await sqlite("pragma journal_mode;")).toBe(mode);
    expect(await sqlite("pragma integrity_check;")).toBe("ok");
    expect(await sqlite("select count(*), count(distinct writer * 100000 + number) from entry;")).toBe(
      `${WRITERS * TRANSACTIONS * 2}|${WRITERS * TRANSACTIONS}`,
    );
    expect(await sqlite("select sum(entries) from total;")).toBe(String(WRITERS * TRANSACTIONS));
    await volume.finish();
  },
);

/** Each inserts two rows and counts one; some take the first back again, some write more than a page. */
function transactions(writer: number): string {
  const lines = [`insert into total values (${writer}, 0);`];
  for (let number = 0; number < TRANSACTIONS; number += 1) {
    const text = "x".repeat((number % 7) * 900);
    const row = `insert into entry (writer, number, text) values (${writer}, ${number}, '${text}');`;
    lines.push(
      "begin immediate;",
      row,
      row,
      ...(number % 5 === 0 ? ["savepoint s;", row, "rollback to s;", "release s;"] : []),
      `update total set entries = entries + 1 where writer = ${writer};`,
      "commit;",
    );
  }
  return lines.join("\n");
}
