import type * as Fs from "node:fs";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { faultOfJournal, sealJournal, unsealJournal } from "../src/journal-file.js";

const { calls, paths } = vi.hoisted(() => ({ calls: new Array<string>(), paths: new Map<number, string>() }));

// A power cut cannot be had in a test: what the disk is told, and in which order, is looked at instead.
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  return {
    ...fs,
    openSync(path: string, flags: string) {
      const fd = fs.openSync(path, flags);
      paths.set(fd, path);
      return fd;
    },
    fsyncSync(fd: number) {
      calls.push(`sync ${basename(paths.get(fd) ?? "?")}`);
      fs.fsyncSync(fd);
    },
    writeFileSync(path: string, text: string) {
      calls.push(`write ${basename(path)}`);
      fs.writeFileSync(path, text);
    },
    renameSync(from: string, to: string) {
      calls.push(`rename ${basename(from)} ${basename(to)}`);
      fs.renameSync(from, to);
    },
    rmSync(path: string, options: Fs.RmOptions) {
      calls.push(`remove ${basename(path)}`);
      fs.rmSync(path, options);
    },
  };
});

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seal-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("brings the journal, then the whole seal, then its name to the disk, and the removal as well", () => {
  const [file, seal] = [join(directory, "j"), join(directory, "j.seal")];
  writeFileSync(file, "journal");
  calls.length = 0;
  sealJournal(file, seal);
  const named = `sync ${basename(directory)}`;
  expect(calls).toEqual(["sync j", "write j.seal.new", "sync j.seal.new", "rename j.seal.new j.seal", named]);
  expect(readFileSync(seal, "utf8")).toMatch(/^[0-9a-f]{64}$/);
  calls.length = 0;
  unsealJournal(seal);
  expect(calls).toEqual(["remove j.seal", named]);
  expect(faultOfJournal(join(directory, "none"), seal)).toBeUndefined();
});
