import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { AckLog, blockKey, readAckLog } from "../src/demo/ack-log.js";

const scratch = mkdtempSync(join(tmpdir(), "ack-log-"));
const newPath = () => join(mkdtempSync(join(scratch, "writer-")), "writer.log");

afterAll(() => {
  rmSync(scratch, { recursive: true });
});

it("remembers across processes what was attempted and what was acknowledged", () => {
  const path = newPath();
  const log = new AckLog(path);
  log.attempt(1, 5, 1);
  log.acknowledge(1, 5, 1);
  log.attempt(1, 5, 2);
  log.flush();
  expect(new AckLog(path).history(1, 5)).toEqual({ acknowledged: 1, attempted: 2 });
  expect(readAckLog(path).get(blockKey(1, 5))).toEqual({ acknowledged: 1, attempted: 2 });
});

it("keeps apart blocks whose numbers would collide in 32 bits", () => {
  expect(blockKey(1, 0)).not.toBe(blockKey(0, 0xffff_ffff));
  expect(blockKey(2, 1)).not.toBe(blockKey(1, 2));
});

it("goes on after a record that was torn by a kill", () => {
  const path = newPath();
  const log = new AckLog(path);
  log.attempt(1, 1, 1);
  log.flush();
  appendFileSync(path, Buffer.from([0, 0, 0]));
  const again = new AckLog(path);
  again.acknowledge(1, 1, 1);
  again.flush();
  expect(statSync(path).size).toBe(32);
  expect(readAckLog(path).get(blockKey(1, 1))).toEqual({ acknowledged: 1, attempted: 1 });
});

it("is empty when there is no file", () => {
  expect(readAckLog(newPath()).size).toBe(0);
});
