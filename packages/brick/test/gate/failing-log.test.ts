import { Errno, fops, LeaseType, programs } from "@brickshift/wire";
import { expect, it } from "vitest";
import type { BrickEvent } from "../../src/server/brick-event.js";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { leased, setLease, unlock } from "../lease-client.js";
import { createFile, settle, startBrick, writeFile } from "../test-brick.js";

/** A brick whose log throws at each event of one type, on a store that `isBroken` keeps from writing. */
async function setUp(type: BrickEvent["type"]) {
  const state = { isBroken: false };
  const memory = createMemoryStore();
  const store = {
    ...memory,
    data: {
      ...memory.data,
      async write(...args: Parameters<typeof memory.data.write>) {
        if (state.isBroken) throw new Error("the disk is broken");
        await memory.data.write(...args);
      },
    },
  };
  const started = await startBrick(
    { leases: { recallTimeoutMs: 1_000 } },
    [{ name: "b0", store }],
    (event) => {
      if (event.type === type) throw new Error(`no room for ${type}`);
    },
  );
  const [runner, writer] = [await started.client(), await started.client()];
  const { gfid } = await createFile(writer, "f", { content: "0123456789" });
  return { ...started, state, runner, writer, gfid };
}

it("does not keep a recall from its holder, nor answer the fop that waits for it", async () => {
  const { scheduler, runner, writer, gfid } = await setUp("recall");
  const { leaseId } = await leased(runner, gfid);
  const replies: number[] = [];
  void writeFile(writer, gfid, "X").then(({ opRet }) => replies.push(opRet));
  await settle();
  expect(runner.recalls()).toHaveLength(1);
  expect(replies).toEqual([]);
  expect(() => scheduler.advance(0)).toThrow("no room for recall");
  expect((await unlock(runner, gfid, leaseId)).opRet).toBe(0);
  await settle();
  expect(replies).toEqual([1]);
  // An exclusive lease drains what runs: it comes only when the write has left the gate.
  expect((await setLease(runner, gfid, LeaseType.readWrite)).reply.opRet).toBe(0);
});

it("does not keep the fops that waited from going on after a revoke", async () => {
  const { scheduler, runner, writer, gfid } = await setUp("revoke");
  await leased(runner, gfid);
  const writes = [writeFile(writer, gfid, "X"), writeFile(writer, gfid, "Y", 1)];
  await settle();
  expect(() => scheduler.advance(1_000)).toThrow("no room for revoke");
  expect((await Promise.all(writes)).map(({ opRet }) => opRet)).toEqual([1, 1]);
});

it("does not keep its answer from a fop that failed by the brick's own fault", async () => {
  const { scheduler, state, writer, gfid } = await setUp("fault");
  state.isBroken = true;
  const errnos: number[] = [];
  void writeFile(writer, gfid, "X").then(({ opErrno }) => errnos.push(opErrno));
  await settle();
  expect(errnos).toEqual([Errno.EIO]);
  expect(() => scheduler.advance(0)).toThrow("no room for fault");
  state.isBroken = false;
  expect((await writeFile(writer, gfid, "Y")).opRet).toBe(1);
});

it.each([
  "connection-open",
  "connection-closed",
  "session-open",
  "session-closed",
  "session-refused",
  "garbage",
] as const)("does not harm a connection at %s", async (type) => {
  const memory = createMemoryStore();
  const { client, connect, scheduler, server, brick } = await startBrick(
    {},
    [{ name: "b0", store: memory }],
    (event) => {
      if (event.type === type) throw new Error(`no room for ${type}`);
    },
  );
  const one = await client();
  const stranger = await connect();
  expect((await stranger.setvolume({ "remote-subvolume": "none" })).opRet).toBe(-1);
  const { number: program, version } = programs.fop;
  const garbage = { program, version, procedure: fops.lookup.number, body: [Uint8Array.of(1)] };
  await expect(one.peer.call(garbage)).rejects.toThrow("RPC_REJECTED");
  const { gfid } = await createFile(one, "f");
  expect((await writeFile(one, gfid, "X")).opRet).toBe(1);
  stranger.peer.abort();
  one.peer.abort();
  await settle();
  expect(brick.clients.size).toBe(0);
  expect(() => scheduler.advance(0)).toThrow(`no room for ${type}`);
  await server.close();
});
