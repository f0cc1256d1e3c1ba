import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gfidValue, parseGfid, ROOT_GFID } from "@brickshift/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clientOf, EmulatorProcess } from "./emulator-process.js";

const PAGE_BYTES = 4_096;
const scratch = mkdtempSync(join(tmpdir(), "bad-store-"));
const killed = join(scratch, "killed");
const directory = join(scratch, "store");
const records = join(directory, "meta");

// The store of a volume's brick that was killed: nothing was closed in order.
beforeAll(async () => {
  const emulator = new EmulatorProcess([
    "serve",
    "--volume",
    "v",
    "--brick",
    killed,
    "--listen",
    "127.0.0.1:0",
    "--json",
  ]);
  const { address } = (await emulator.event(/^listening$/)) as unknown as { address: string };
  const client = await clientOf(address, killed);
  for (let index = 0; index < 300; index += 1) {
    const gfid = parseGfid(`eeeeeeee-0000-4000-8000-${String(index).padStart(12, "0")}`);
    const xdata = new Map([["gfid-req", gfidValue(gfid)]]);
    await client.fops.mkdir({ pargfid: ROOT_GFID, mode: 0o755, bname: `d${index}`, xdata });
  }
  await client.close();
  await emulator.end("SIGKILL");
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  cpSync(killed, directory, { recursive: true });
});

const commands = {
  serve: () => ["serve", "--volume", "v", "--brick", directory, "--listen", "127.0.0.1:0"],
  fsck: () => ["fsck", directory],
};

/** Whatever is wrong, it is said in one line, with a code and the next step. */
async function expectRefused(command: keyof typeof commands, message: RegExp): Promise<void> {
  const emulator = new EmulatorProcess(commands[command](), { keepsOutput: true });
  expect({ code: await emulator.exited, errors: emulator.errors }).toEqual({
    code: 3,
    errors: expect.stringMatching(message),
  });
  expect(emulator.errors.trim().split("\n")).toHaveLength(1);
}

describe.each(["serve", "fsck"] as const)("%s", (command) => {
  /** Nothing is changed: whoever looks into it finds it as it was. */
  const expectUntouched = async (message: RegExp) => {
    const before = readFileSync(records);
    await expectRefused(command, message);
    expect(readFileSync(records).equals(before)).toBe(true);
  };

  it("refuses a store whose last write is not there whole", async () => {
    truncateSync(records, readFileSync(records).length >> 1);
    await expectUntouched(
      /STORE_DAMAGED: .*meta is damaged: page \d+ is not in the file; bring it back from a copy/,
    );
  });

  it("refuses a store whose pages were overwritten, whichever, and lives", async () => {
    const bytes = readFileSync(records);
    for (let page = 2; page < bytes.length / PAGE_BYTES; page += 2)
      bytes.fill(0x5a, page * PAGE_BYTES, page * PAGE_BYTES + 512);
    writeFileSync(records, bytes);
    await expectUntouched(
      /STORE_DAMAGED: .*meta is damaged: page \d+ .*; bring it back from a copy, then run fsck/,
    );
  });

  it("refuses records that are no records", async () => {
    writeFileSync(records, Buffer.alloc(64 * 1_024, "text "));
    await expectUntouched(/STORE_DAMAGED: .*it is no lmdb file; bring it back from a copy/);
  });

  it("refuses a store of a version that it does not know", async () => {
    const path = join(directory, "brickshift-store.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"version": \d+/, '"version": 7'));
    await expectUntouched(/STORE_VERSION_UNKNOWN: .*of version 7, .*start it with the release that wrote it/);
  });

  it("refuses a store that does not say what it is any more", async () => {
    writeFileSync(join(directory, "brickshift-store.json"), "{");
    await expectUntouched(/STORE_DAMAGED: .*brickshift-store.json does not parse; bring it back from a copy/);
  });
});

it("serve refuses a brick that says in another version which volume it is of", async () => {
  const path = join(directory, "brickshift-volume.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"version": \d+/, '"version": 7'));
  await expectRefused("serve", /STORE_VERSION_UNKNOWN: .*brickshift-volume.json is of version 7/);
});

it("what a kill leaves is no damage: fsck finds the store sound", async () => {
  const emulator = new EmulatorProcess(commands.fsck(), { keepsOutput: true });
  expect(await emulator.exited).toBe(0);
  expect(emulator.output).toMatch(/^301 objects, 300 names, .*sound/);
});
