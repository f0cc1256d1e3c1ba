import { ROOT_GFID, encodeRecordMark } from "@brickshift/wire";
import { readSessions } from "../../../apps/brick-emulator/test/fuzz/session-file.js";
import { mutateSession } from "../../../apps/brick-emulator/test/fuzz/mutate-session.js";
import { ADDRESS, settle, startBrick } from "../../../packages/brick/test/test-brick.js";
import { recordsOf } from "../records-of.js";
import type { FuzzTarget } from "../target.js";

/** Sessions that one brick is given before it is looked at and made anew. */
const SESSIONS_PER_BRICK = 64;

type Served = Awaited<ReturnType<typeof startBrick>>;
let served: Served | undefined;
let sessions = 0;

/** What a client sends in one connection, from DUMP and SETVOLUME on. */
export const brickSessions: FuzzTarget = {
  name: "sessions with a brick",
  holds:
    "a brick answers each call or ends the connection, lets go of everything that the client had, and serves the next one well",
  corpus: "apps/brick-emulator/test/fuzz/sessions",
  seeds: () =>
    [...readSessions().values()].map((records) =>
      Uint8Array.from(Buffer.concat(records.flatMap((record) => [encodeRecordMark(record.length), record]))),
    ),
  mutate: (bytes, random) => mutateSession(recordsOf(bytes), random).bytes.slice(0, 65_536),
  async run(bytes) {
    const { transport, scheduler } = (served ??= await startBrick({
      leases: { recallTimeoutMs: 10, recallCapMs: 10 },
    }));
    const connection = await transport.connect(ADDRESS);
    let answers = 0;
    connection.receive(() => {
      answers += 1;
    });
    for (const record of recordsOf(bytes)) {
      // The brick may have ended the connection.
      await connection.send([record]).catch(() => {});
      await settle(1);
    }
    scheduler.advance(20);
    await settle(3);
    connection.abort();
    await settle(3);
    sessions += 1;
    if (sessions % SESSIONS_PER_BRICK === 0) await look();
    return answers > 1 ? "accepted" : "refused";
  },
  settle: look,
};

/** What the sessions have left behind, and how the brick serves another client. */
async function look(): Promise<void> {
  if (served === undefined) return;
  const { brick, events, scheduler, client, server } = served;
  served = undefined;
  for (let rounds = 0; rounds < 20; rounds += 1) {
    scheduler.advance(20);
    await settle(10);
  }
  const { leases, blockedFops, queuedRequests } = brick.gate.usage;
  const left = { running: brick.running, waiters: brick.lockWaiters.size, turns: brick.turns.size };
  const all = { ...left, leases, blockedFops, queuedRequests };
  if (Object.values(all).some((count) => count !== 0)) throw new Error(`left behind: ${JSON.stringify(all)}`);
  const fault = events.find(({ type }) => type === "fault");
  if (fault !== undefined) throw new Error(`a fault of the brick: ${JSON.stringify(fault)}`);
  const found = await (
    await client()
  ).call("lookup", { gfid: ROOT_GFID, pargfid: ROOT_GFID, flags: 0, bname: "", xdata: null });
  if (found.opRet !== 0) throw new Error(`the root is not found: ${found.opErrno}`);
  await server.close();
}
