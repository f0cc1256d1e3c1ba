import { Errno, getRecallDeadlineMs, xdataOf } from "@brickshift/wire";
import { expect, it } from "vitest";
import type { BrickServerOptionsInput } from "../../src/options.js";
import { leased, unlock } from "../lease-client.js";
import { createFile, readFile, settle, startBrick, writeFile } from "../test-brick.js";

/** A leased file, and a writer of another client that has just met the lease. */
async function recalled(leases: BrickServerOptionsInput["leases"]) {
  const started = await startBrick({ leases });
  const [runner, writer] = [await started.client(), await started.client()];
  const { gfid } = await createFile(writer, "f", { content: "0123456789" });
  const { leaseId, epoch } = await leased(runner, gfid);
  const written: number[] = [];
  void writeFile(writer, gfid, "X").then(({ opRet }) => written.push(opRet));
  await settle();
  const pass = async (ms: number) => {
    started.scheduler.advance(ms);
    await settle();
  };
  const readOwn = () => readFile(runner, gfid, 0, 10, xdataOf({ leaseId, leaseEpoch: epoch }));
  return { ...started, runner, gfid, leaseId, written, pass, readOwn };
}

it("tells the holder no deadline and waits for ever when the brick's timeout is infinite", async () => {
  const { runner, gfid, leaseId, written, pass } = await recalled({ recallTimeoutMs: "infinite" });
  expect(runner.recalls().map(({ xdata }) => getRecallDeadlineMs(xdata))).toEqual([undefined]);
  await pass(24 * 3_600_000);
  expect(written).toEqual([]);
  expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
  await settle();
  expect(written).toEqual([1]);
});

it("lets a holder that reads under its lease go on past the timeout, and no further than the cap", async () => {
  const { runner, written, pass, readOwn } = await recalled({
    recallTimeoutMs: 100,
    recallProgressMs: 100,
    recallCapMs: 250,
  });
  expect(runner.recalls().map(({ xdata }) => getRecallDeadlineMs(xdata))).toEqual([100]);
  for (const ms of [90, 90, 69]) {
    await pass(ms);
    expect(written).toEqual([]);
    expect((await readOwn()).opRet).toBe(10);
  }
  await pass(1);
  expect(written).toEqual([1]);
  expect((await readOwn()).opErrno).toBe(Errno.EKEYREVOKED);
});
