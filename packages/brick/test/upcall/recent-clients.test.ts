import { seededRandom } from "@brickshift/testkit";
import type { ClientUid, Gfid } from "@brickshift/wire";
import { expect, it } from "vitest";
import { RecentClients } from "../../src/upcall/recent-clients.js";

const [f, g] = ["f", "g"] as [Gfid, Gfid];
const [ann, ben, cat] = ["ann", "ben", "cat"] as [ClientUid, ClientUid, ClientUid];

it("counts an access for its time and no longer, from the last one on", () => {
  const recent = new RecentClients({ timeoutMs: 100, accessesMax: 10 });
  recent.accessed(f, ann, 0);
  recent.accessed(f, ben, 50);
  expect(recent.of(f, 99)).toEqual([ann, ben]);
  expect(recent.of(f, 100)).toEqual([ben]);
  recent.accessed(f, ann, 99);
  expect(recent.of(f, 150)).toEqual([ann]);
  expect(recent.of(g, 150)).toEqual([]);
});

it("keeps nothing of accesses whose time is over", () => {
  const recent = new RecentClients({ timeoutMs: 100, accessesMax: 1_000 });
  for (let index = 0; index < 500; index += 1) recent.accessed(`i${index}` as Gfid, ann, index);
  expect(recent.size).toBe(100);
});

it("gives the oldest up at its bound, and says whose it was", () => {
  const recent = new RecentClients({ timeoutMs: 100, accessesMax: 2 });
  expect(recent.accessed(f, ann, 0)).toBeUndefined();
  expect(recent.accessed(g, ann, 1)).toBeUndefined();
  expect(recent.accessed(f, ann, 2)).toBeUndefined();
  expect(recent.accessed(f, ben, 3)).toMatchObject({ gfid: g, client: ann });
  expect([recent.of(f, 3), recent.of(g, 3), recent.size]).toEqual([[ann, ben], [], 2]);
});

it("forgets an inode, and a client", () => {
  const recent = new RecentClients({ timeoutMs: 100, accessesMax: 10 });
  for (const client of [ann, ben, cat]) for (const gfid of [f, g]) recent.accessed(gfid, client, 0);
  recent.forgetInode(f);
  recent.forgetClient(ben);
  expect([recent.of(f, 1), recent.of(g, 1), recent.size]).toEqual([[], [ann, cat], 2]);
});

it.each([1, 2, 3])("agrees with a plain list of accesses, seed %i", (seed) => {
  const random = seededRandom(seed);
  const timeoutMs = 50;
  const recent = new RecentClients({ timeoutMs, accessesMax: 20 });
  const list = new Map<string, number>();
  let nowMs = 0;
  let givenUps = 0;
  for (let step = 0; step < 5_000; step += 1) {
    nowMs += random.below(3);
    const gfid = `i${random.below(12)}` as Gfid;
    const client = random.pick([ann, ben, cat]);
    if (random.below(20) === 0) {
      recent.forgetInode(gfid);
      for (const key of list.keys()) if (key.startsWith(`${gfid} `)) list.delete(key);
      continue;
    }
    const givenUp = recent.accessed(gfid, client, nowMs);
    const oldest = [...list]
      .filter(([, atMs]) => nowMs - atMs < timeoutMs)
      .toSorted((a, b) => a[1] - b[1])[0];
    const given = givenUp && `${givenUp.gfid} ${givenUp.client}`;
    expect(given === undefined ? undefined : list.get(given)).toBe(
      given === undefined ? undefined : oldest?.[1],
    );
    if (given !== undefined) givenUps += 1;
    list.delete(given ?? "");
    list.set(`${gfid} ${client}`, nowMs);
    const expected = [ann, ben, cat].filter(
      (one) => nowMs - (list.get(`${gfid} ${one}`) ?? -timeoutMs) < timeoutMs,
    );
    expect(recent.of(gfid, nowMs).toSorted()).toEqual(expected);
    expect(recent.size).toBeLessThanOrEqual(20);
  }
  expect(givenUps).toBeGreaterThan(100);
});
