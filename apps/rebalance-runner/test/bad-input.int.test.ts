import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Gfid } from "@brickshift/wire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RunnerProcess } from "./runner-process.js";
import { makeFile, namesIn, readAll, type ServedBrick, serveBrick } from "./served-brick.js";

let bricks: string;
let scratch: string;
let source: ServedBrick;
let destination: ServedBrick;
let gfid: Gfid;
const content = Buffer.from("must stay where it is");
const running: RunnerProcess[] = [];

beforeAll(async () => {
  bricks = mkdtempSync(join(tmpdir(), "bricks-"));
  source = await serveBrick("b0", join(bricks, "b0"));
  destination = await serveBrick("b1", join(bricks, "b1"));
  gfid = await makeFile(source.client, "f", content);
});
afterAll(async () => {
  await Promise.all([source.stop(), destination.stop()]);
  rmSync(bricks, { recursive: true, force: true });
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "bad-input-"));
});
afterEach(async () => {
  for (const runner of running.splice(0)) {
    runner.child.kill("SIGKILL");
    await runner.exited;
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** How a command ends. Whatever was wrong, nothing has moved. */
async function end(...args: readonly string[]) {
  const runner = new RunnerProcess([...args, "--json"]);
  running.push(runner);
  const code = await runner.exited;
  expect(await readAll(source.client, gfid)).toEqual(content);
  expect(await namesIn(destination.client)).toEqual([]);
  return { code, errors: runner.errors };
}

/** `run` from the source to the destination, unless `more` says otherwise: the last of an option counts. */
function run(...more: readonly string[]) {
  const ends = ["--source", source.url, "--destination", destination.url];
  return end("run", ...ends, "--state", join(scratch, "state"), ...more);
}

describe("a brick that cannot be had ends with 3, named with what to look at", () => {
  const portOf = (url: string) => new URL(url).port;

  it.each([
    ["a host that does not exist", () => "gluster://no-such-host.invalid:1/b1", "see that the host is right"],
    ["a port where nobody listens", () => "gluster://127.0.0.1:1/b1", "see that the brick runs and listens"],
    [
      "a socket that is not there",
      () => "gluster+unix:///no/such/socket?brick=b1",
      "see that the brick runs",
    ],
    [
      "a name that is not served there",
      () => `gluster://127.0.0.1:${portOf(destination.url)}/b9`,
      "write the name under which the brick is served",
    ],
  ])("%s", async (_, urlOf, hint) => {
    const url = urlOf();
    const { code, errors } = await run("--destination", url);
    expect(errors).toContain(`cannot connect to ${url}: `);
    expect(errors).toContain(`; ${hint}`);
    expect(code).toBe(3);
  });

  it("a web server", async () => {
    const web = createServer((_, response) => response.end("hello"));
    // It is cut off without a farewell.
    web.on("clientError", (_, socket) => socket.destroy());
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const url = `gluster://127.0.0.1:${(web.address() as AddressInfo).port}/b1`;
    const { code, errors } = await run("--destination", url);
    expect(errors).toContain(`cannot connect to ${url}: `);
    expect(errors).toContain("see that it is a brick that listens there, and no other program");
    expect(code).toBe(3);
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });
});

describe("a command line that makes no sense ends with 2, and says what to write", () => {
  it.each([
    [["/no/such/path"], "/no is not on b0; look for a spelling mistake"],
    [["/f", "/g"], "/g is not on b0; look for a spelling mistake"],
    [["--concurrency", "0"], "write a whole number from 1 to 1024"],
    [["--bytes-per-second", "-1"], "write a whole number from 0 to 1099511627776"],
    [["--protection", "some"], "lease, none"],
    [["--tls-cert", "/no/such/file"], "TLS needs all three of --tls-cert, --tls-key and --tls-ca"],
    [["--destination", "gluster+tls://127.0.0.1:1/b1"], "name --tls-cert, --tls-key and --tls-ca"],
    [["--resume"], "start it without --resume"],
  ])("%j", async (args, message) => {
    const { code, errors } = await run(...args);
    expect(errors).toContain(message);
    expect(code).toBe(2);
  });

  it("one brick as both ends", async () => {
    const { code, errors } = await run("--destination", source.url);
    expect(errors).toContain("b0 is source and destination; name another brick for one of them");
    expect(code).toBe(2);
  });
});

describe("an option that is mistyped is told before one that is missing", () => {
  it.each([
    [["run", "--sorce", "x"], "--sorce", "--source"],
    [["run", "--source", "x", "--destinaton", "y"], "--destinaton", "--destination"],
    [["verify", "--destinaton", "y"], "--destinaton", "--destination"],
    [["status", "--stat", "d"], "--stat", "--state"],
    [["demo-fill", "--brik", "x"], "--brik", "--brick"],
  ])("%j", async (args, mistyped, meant) => {
    const { code, errors } = await end(...args);
    expect(errors).toContain(`error: unknown option '${mistyped}'\n(Did you mean ${meant}?)\n`);
    expect(errors).not.toContain("required option");
    expect(code).toBe(2);
  });

  it.each([
    [["run"], "--source <url>"],
    [["run", "--source", "x"], "--destination <url>"],
    [["verify", "--destination", "y"], "--source <url>"],
    [["status"], "--state <directory>"],
    [["demo-fill", "--brick", "x", "--from", "d"], "--manifest <file>"],
  ])("%j says what is missing", async (args, missing) => {
    const { code, errors } = await end(...args);
    expect(errors).toBe(
      `error: required option '${missing}' not specified\n(--help shows what can be written)\n`,
    );
    expect(code).toBe(2);
  });
});

describe("a journal that cannot be used ends with 5, named with what to do", () => {
  it.each([
    ["below a regular file", "file/state"],
    ["that is a regular file", "file"],
  ])("a directory %s", async (_, path) => {
    writeFileSync(join(scratch, "file"), "");
    const state = join(scratch, path);
    const { code, errors } = await run("--state", state);
    expect(errors).toContain(`the journal cannot be kept in ${state}: `);
    expect(errors).toContain("name another directory with --state");
    expect(code).toBe(5);
  });

  it.each(["run", "run --resume", "status"])("a damaged one, by %s", async (command) => {
    const state = join(scratch, "state");
    mkdirSync(state);
    writeFileSync(join(state, "journal"), Buffer.alloc(20_000, 7));
    const [name, ...more] = command.split(" ");
    const { code, errors } = name === "run" ? await run(...more) : await end("status", "--state", state);
    expect(errors).toContain("move the directory away and run again");
    expect(errors).toContain(`(journal in ${state})`);
    expect(code).toBe(5);
    expect(readdirSync(state)).toContain("journal");
  });

  /** The journal of a run that was killed while a file was in its last steps. */
  function killedJournal(): Buffer {
    const id = (n: number) => `aaaaaaaa-0000-4000-8000-00000000000${n}`;
    const brick = (n: number) => ({ id: id(n), name: `b${n}` });
    const header = {
      version: 2,
      source: brick(1),
      destination: brick(2),
      protection: "lease",
      startedWallMs: 1,
    };
    const intent = {
      gfid: id(3),
      path: "/f",
      link: { pargfid: id(4), bname: "f" },
      fence: "7",
      phase: "intent",
    };
    return journalOf([
      { type: "journal", version: 2 },
      { type: "run", header },
      { type: "intent", intent },
    ]);
  }

  it.each([
    [
      "a bit that has changed",
      (bytes: Buffer) => bytes.fill((bytes[200] ?? 0) ^ 4, 200, 201),
      "JOURNAL_DAMAGED",
      "move the directory away and run again",
    ],
    [
      "a line that is missing",
      (bytes: Buffer) => Buffer.from(bytes.toString().replace(/\n.*\n/, "\n")),
      "JOURNAL_DAMAGED",
      "the bricks tell what is done",
    ],
    [
      "another version",
      () => journalOf([{ type: "journal", version: 9 }]),
      "JOURNAL_VERSION",
      "go on with the release that wrote it, or use another directory",
    ],
  ])("one with %s", async (_, spoil, code, next) => {
    const state = join(scratch, "state");
    mkdirSync(state);
    const bytes = spoil(killedJournal());
    writeFileSync(join(state, "journal"), bytes);
    for (const ended of [await run("--resume"), await end("status", "--state", state)]) {
      expect(ended.errors).toMatch(new RegExp(`REBALANCE_${code}: .*${next}.*\\(journal in `));
      expect(ended.code).toBe(5);
    }
    expect(readFileSync(join(state, "journal"))).toEqual(bytes);
  });

  it("but one whose last write was torn is read as far as it goes", async () => {
    const state = join(scratch, "state");
    mkdirSync(state);
    const bytes = killedJournal();
    writeFileSync(join(state, "journal"), bytes.subarray(0, bytes.length - 20));
    const status = new RunnerProcess(["status", "--state", state, "--json"]);
    running.push(status);
    expect(await status.exited).toBe(0);
    expect(status.last).toMatchObject({ event: "status", state: "running", intents: 0 });
    // It goes on to what it is about, and those are other bricks.
    const { code, errors } = await run("--resume");
    expect(errors).toContain(
      "REBALANCE_JOURNAL_OTHER_PAIR: the journal is of b1 to b2; use another directory",
    );
    expect(code).toBe(5);
  });
});

/** A journal with these records, as the runner writes it: length and CRC-32 of each line, over itself and those before. */
function journalOf(records: readonly object[]): Buffer {
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  let check = 0;
  const lines = records.map((record) => {
    const json = Buffer.from(JSON.stringify(record));
    check = crc32(json, check);
    return `${hex(json.length)} ${hex(check)} ${json.toString()}\n`;
  });
  return Buffer.from(lines.join(""));
}
