import type { Connection } from "@brickshift/transport";
import { Errno, LkCmd, LockType } from "@brickshift/wire";
import { expect, it } from "vitest";
import { leased } from "../lease-client.js";
import { createFile, settle, startBrick, writeFile } from "../test-brick.js";

/** A brick that takes the peers of its first connections for holders of these certificates. */
async function startCertified(names: readonly (string | undefined)[]) {
  const started = await startBrick({ leases: { recallTimeoutMs: 1_000 } });
  await started.listener.close();
  let count = 0;
  await started.transport.listen("memory://brick", (connection) => {
    const name = names[count];
    count += 1;
    started.server.accept(name === undefined ? connection : certified(connection, name));
  });
  return started;
}

/** The connection, with a certificate of its peer. */
function certified(connection: Connection, certificateName: string): Connection {
  return {
    peer: { ...connection.peer, certificateName },
    closed: connection.closed,
    send: async (chunks) => connection.send(chunks),
    receive: (handler, onEnd) => connection.receive(handler, onEnd),
    close: async () => connection.close(),
    abort: (reason) => connection.abort(reason),
  };
}

const same = { "process-uuid": "CTX_ID:one-and-the-same" };

it("lets a peer with another certificate share nothing of the client whose process-uuid it names", async () => {
  const { client, brick } = await startCertified(["alice", "bob", "alice"]);
  const [alice, bob] = [await client(same), await client(same)];
  expect(brick.clients.size).toBe(2);
  const { gfid, fd } = await createFile(alice, "f", { content: "0123456789" });
  const flock = { type: LockType.write, whence: 0, start: 0n, len: 0n, pid: 1, lkOwner: new Uint8Array(0) };
  const lk = { gfid, cmd: LkCmd.setlk, type: LockType.write, flock, xdata: null };
  expect((await alice.call("lk", { ...lk, fd })).opRet).toBe(0);
  expect((await bob.call("fstat", { gfid, fd, xdata: null })).opErrno).toBe(Errno.EBADF);
  const own = await bob.call("open", { gfid, flags: 2, xdata: null });
  expect((await bob.call("lk", { ...lk, fd: own.fd })).opErrno).toBe(Errno.EAGAIN);
  bob.peer.abort();
  await settle();
  // Another connection of the same holder is the same client.
  const again = await client(same);
  expect(brick.clients.size).toBe(1);
  expect((await again.call("fstat", { gfid, fd, xdata: null })).opRet).toBe(0);
});

it("takes a lease-id for the holder's only with the holder's certificate", async () => {
  const { client, scheduler } = await startCertified(["alice", "bob"]);
  const [alice, bob] = [await client(same), await client(same)];
  const { gfid } = await createFile(bob, "f", { content: "0123456789" });
  const { leaseId } = await leased(alice, gfid);
  const xdata = new Map([["lease-id", { type: "ptr", value: Buffer.from(leaseId, "hex") }]] as const);
  const replies: number[] = [];
  void writeFile(bob, gfid, "X", 0, xdata).then(({ opRet }) => replies.push(opRet));
  await settle();
  expect(replies).toEqual([]);
  expect(alice.recalls()).toHaveLength(1);
  scheduler.advance(1_000);
  await settle();
  expect(replies).toEqual([1]);
});

it("refuses a process-uuid that looks like one with a certificate", async () => {
  const { client, connect } = await startCertified(["alice", undefined]);
  await client(same);
  const forger = await connect();
  const { opErrno } = await forger.setvolume({ "process-uuid": `tls:alice/${same["process-uuid"]}` });
  expect(opErrno).toBe(Errno.EINVAL);
});
