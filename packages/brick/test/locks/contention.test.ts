import { readFileSync } from "node:fs";
import { type CallbackRequest, callbacks, decodeBody, encodeBody, type Gfid, LkCmd } from "@brickshift/wire";
import { expect, it } from "vitest";
import { createFile, settle, startBrick, type TestClient } from "../test-brick.js";

const [vector] = JSON.parse(
  readFileSync(new URL("../../../wire/test/vectors/cbk-inodelk-contention.json", import.meta.url), "utf8"),
) as { hex: string }[];
const bytes = new Uint8Array(Buffer.from(vector?.hex ?? "", "hex")).slice(40);
const recorded = decodeBody(callbacks.inodelkContention.request, bytes);

async function setUp(options = {}) {
  const started = await startBrick(options);
  const [holder, rival] = [await started.client(), await started.client()];
  const { gfid } = await createFile(holder, "f");
  const notices = async (client: TestClient) => {
    await settle();
    return client.callbacks.splice(0).map(({ name, request }) => {
      expect(name).toBe("inodelkContention");
      return request as CallbackRequest<"inodelkContention">;
    });
  };
  return { ...started, holder, rival, gfid, notices };
}

/** INODELK in the recorded domain: of the recorded lock, or of another type. */
function inodelk(client: TestClient, gfid: Gfid, cmd: number, type: number = recorded.flock.type, owner = 1) {
  const { flock, domain: volume } = recorded;
  const auth = { pid: recorded.pid, lkOwner: new Uint8Array([owner]) };
  return client.call("inodelk", { gfid, cmd, type, flock: { ...flock, type }, volume, xdata: null }, auth);
}

it("tells the holder of the lock that another one wants, as recorded", async () => {
  const { holder, rival, gfid, notices } = await setUp();
  expect((await inodelk(holder, gfid, LkCmd.setlk)).opRet).toBe(0);
  expect((await inodelk(rival, gfid, LkCmd.setlk)).opRet).toBe(-1);
  const [notice, ...more] = await notices(holder);
  expect([more, await notices(rival)]).toEqual([[], []]);
  const told = encodeBody(callbacks.inodelkContention.request, {
    ...recorded,
    ...notice,
    gfid: recorded.gfid,
  });
  expect(Buffer.concat(told)).toEqual(Buffer.from(bytes));
});

it("tells of one lock once in the delay, and again at the next attempt after it", async () => {
  const { holder, rival, gfid, notices, scheduler } = await setUp({ contentionDelayMs: 100 });
  await inodelk(holder, gfid, LkCmd.setlk);
  await inodelk(rival, gfid, LkCmd.setlk);
  scheduler.advance(99);
  await inodelk(rival, gfid, LkCmd.setlk);
  expect(await notices(holder)).toHaveLength(1);
  scheduler.advance(1);
  expect(await notices(holder)).toEqual([]);
  void inodelk(rival, gfid, LkCmd.setlkw);
  expect(await notices(holder)).toHaveLength(1);
});

it("tells who gets the lock of those who wait still", async () => {
  const { client, holder, rival, gfid, notices } = await setUp();
  const third = await client();
  await inodelk(holder, gfid, LkCmd.setlk);
  void inodelk(rival, gfid, LkCmd.setlkw);
  void inodelk(third, gfid, LkCmd.setlkw);
  await settle();
  expect(await notices(rival)).toEqual([]);
  await inodelk(holder, gfid, LkCmd.setlk, 2);
  expect([(await notices(rival)).length, await notices(third)]).toEqual([1, []]);
});

it("tells nobody of a lock that nobody wants, or when it is never to", async () => {
  const quiet = await setUp({ contentionDelayMs: "never" });
  await inodelk(quiet.holder, quiet.gfid, LkCmd.setlk);
  await inodelk(quiet.rival, quiet.gfid, LkCmd.setlk);
  expect(await quiet.notices(quiet.holder)).toEqual([]);
  const shared = await setUp();
  await inodelk(shared.holder, shared.gfid, LkCmd.setlk, 0);
  await inodelk(shared.rival, shared.gfid, LkCmd.setlk, 0);
  expect(await shared.notices(shared.holder)).toEqual([]);
});
