import type * as Fs from "node:fs/promises";
import { constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Gfid } from "@brickshift/wire";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openFileJournal } from "../src/journal-file-driver.js";
import { newGfid } from "./two-bricks.js";

const { calls, names } = vi.hoisted(() => ({ calls: new Array<string>(), names: new Map<number, string>() }));

// A power cut cannot be had in a test: what the disk is told, and in which order, is looked at instead.
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const told = ["appendFile", "datasync", "sync"] as const;
  return {
    ...fs,
    async open(path: string, flags: string | number) {
      const handle = await fs.open(path, flags);
      const isSynced = typeof flags === "number" && constants.O_DSYNC > 0 && (flags & constants.O_DSYNC) > 0;
      for (const name of told) {
        const call = handle[name].bind(handle) as (...args: unknown[]) => Promise<void>;
        handle[name] = async (...args: unknown[]) => {
          await call(...args);
          calls.push(`${name} ${basename(path)}`);
          if (isSynced && name === "appendFile") calls.push(`datasync ${basename(path)}`);
        };
      }
      return handle;
    },
    async rename(from: string, to: string) {
      await fs.rename(from, to);
      calls.push(`rename ${basename(from)} ${basename(to)}`);
    },
  };
});
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return {
    ...fs,
    openSync(path: string, flags: string) {
      const fd = fs.openSync(path, flags);
      names.set(fd, basename(path));
      return fd;
    },
    fsyncSync(fd: number) {
      fs.fsyncSync(fd);
      calls.push(`sync ${names.get(fd)}`);
    },
  };
});

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "durable-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const brick = (name: string) => ({ id: newGfid(), name });
const header = () => ({
  version: 2,
  source: brick("b0"),
  destination: brick("b1"),
  protection: "lease" as const,
});
const intent = (gfid: Gfid) => ({
  gfid,
  path: "/f",
  link: { pargfid: gfid, bname: "f" },
  fence: "1",
  phase: "intent" as const,
});

it("brings a new journal whole to the disk, then its name, and then each record before it is told", async () => {
  const journal = openFileJournal({ directory });
  calls.length = 0;
  await journal.begin(header()).then(() => calls.push("begun"));
  expect(calls).toEqual([
    "appendFile journal.new",
    "sync journal.new",
    "rename journal.new journal",
    `sync ${basename(directory)}`,
    "begun",
  ]);
  calls.length = 0;
  await journal.intent(intent(newGfid())).then(() => calls.push("noted"));
  expect(calls).toEqual(["appendFile journal", "datasync journal", "noted"]);
  await journal.close();
});

it("brings many records with one sync", async () => {
  const journal = openFileJournal({ directory });
  await journal.begin(header());
  calls.length = 0;
  await Promise.all(Array.from({ length: 50 }, () => journal.intent(intent(newGfid()))));
  expect(calls).toEqual(["appendFile journal", "datasync journal"]);
  await journal.close();
});
