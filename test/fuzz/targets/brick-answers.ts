import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { ManualScheduler, seededRandom } from "@brickshift/testkit";
import { createMemoryTransport } from "@brickshift/transport-memory";
import {
  encodeRecordMark,
  gfidValue,
  LeaseCmd,
  LeaseType,
  parseGfid,
  parseLeaseId,
  ROOT_GFID,
  xdataOf,
} from "@brickshift/wire";
import { ADDRESS, settle, startBrick } from "../../../packages/brick/test/test-brick.js";
import { recordsOf } from "../records-of.js";
import { checkRefusal } from "../refusal.js";
import type { FuzzTarget } from "../target.js";

/** What a brick answers to a client of ours, call by call: the runner's side of a brick that answers nonsense. */
export const brickAnswers: FuzzTarget = {
  name: "answers of a brick",
  holds:
    "a client takes an answer for what it says, or rejects the call with a published code; no call stays without an end",
  corpus: "packages/brick-client/test/corpus/answers",
  async seeds() {
    const { transport: behind, scheduler } = await startBrick();
    const answers: Uint8Array[] = [];
    const transport = createMemoryTransport();
    const listener = await transport.listen("memory://b0", (near) => {
      void behind.connect(ADDRESS).then((far) => {
        far.receive((record) => {
          answers.push(record.slice());
          void near.send([record.slice()]).catch(() => {});
        });
        near.receive((record) => void far.send([record.slice()]).catch(() => {}));
      });
    });
    const outcomes = await playClient(transport, scheduler);
    await listener.close();
    if (outcomes.refused > 0) throw new Error("a brick of ours refuses what the client asks for");
    return [
      Uint8Array.from(Buffer.concat(answers.flatMap((record) => [encodeRecordMark(record.length), record]))),
    ];
  },
  async run(bytes) {
    const answers = recordsOf(bytes);
    const scheduler = new ManualScheduler();
    const transport = createMemoryTransport();
    let next = 0;
    const listener = await transport.listen("memory://b0", (connection) => {
      connection.receive((call) => {
        const answer = answers[next]?.slice();
        next += 1;
        if (answer === undefined) return connection.abort();
        // An answer to this call; one in sixteen keeps the number that it has.
        if (answer.length >= 4 && next % 16 !== 0) answer.set(call.subarray(0, 4));
        void connection.send([answer]).catch(() => {});
      });
    });
    const { answered } = await playClient(transport, scheduler);
    await listener.close();
    return answered > 0 ? "accepted" : "refused";
  },
};

const gfid = parseGfid("12345678-1234-4234-8234-123456789abc");
const leaseId = parseLeaseId("0123456789abcdef0123456789abcdef");

/** The calls of a client that connects, makes a file, leases, reads and lists it. */
function calls(client: BrickClient): readonly (() => Promise<unknown>)[] {
  const { fops } = client;
  const fd = -2n;
  const lease = { cmd: LeaseCmd.set, leaseType: LeaseType.read, leaseId, leaseFlags: 0 };
  const bname = "f";
  const payload = Buffer.from("content");
  return [
    () =>
      fops.create({
        pargfid: ROOT_GFID,
        flags: 2,
        mode: 0o100644,
        bname,
        xdata: new Map([["gfid-req", gfidValue(gfid)]]),
      }),
    () => fops.write({ gfid, fd, offset: 0, payload }),
    () => fops.lookup({ gfid, pargfid: ROOT_GFID, bname }),
    () => fops.lease({ gfid, lease, xdata: xdataOf({ leaseScope: "data" }) }),
    () => fops.read({ gfid, fd, offset: 0, size: 99 }),
    () => fops.getxattr({ gfid, namelen: 0, name: "brickshift.links" }),
    () =>
      fops.lease({ gfid, lease: { ...lease, cmd: LeaseCmd.unlock }, xdata: xdataOf({ leaseScope: "data" }) }),
    () => fops.opendir({ gfid: ROOT_GFID }),
    () => fops.readdirp({ gfid: ROOT_GFID, fd, offset: 0n, size: 4_096 }),
    () => fops.statfs({ gfid }),
    () => fops.unlink({ pargfid: ROOT_GFID, bname }),
  ];
}

async function playClient(transport: ReturnType<typeof createMemoryTransport>, scheduler: ManualScheduler) {
  const client = createBrickClient({
    transport,
    address: "memory://b0",
    brick: "b0",
    scheduler,
    random: seededRandom(1),
    options: { pingTimeoutMs: 0, callTimeoutMs: 1_000, whileDown: "fail" },
  });
  const outcomes = { answered: 0, refused: 0 };
  try {
    await ended(client.connect(), scheduler);
    for (const call of calls(client)) {
      try {
        await ended(call(), scheduler);
        outcomes.answered += 1;
      } catch (error) {
        checkRefusal(error);
        outcomes.refused += 1;
      }
    }
  } catch (error) {
    checkRefusal(error);
    outcomes.refused += 1;
  }
  const closing = client.close();
  await ended(closing, scheduler);
  return outcomes;
}

/** Waits for a call, in virtual time; one that does not end within a day of it never does. */
async function ended<T>(call: Promise<T>, scheduler: ManualScheduler): Promise<T> {
  const state = { isOver: false };
  const over = () => (state.isOver = true);
  call.then(over, over);
  for (let turn = 0; turn < 200 && !state.isOver; turn += 1) {
    await settle(2);
    if (turn > 8 && !state.isOver) scheduler.advance(600_000);
  }
  if (!state.isOver) throw new Error("a call has no end");
  return call;
}
