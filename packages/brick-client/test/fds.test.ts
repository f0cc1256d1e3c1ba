import { ANONYMOUS_FD, Errno, type FopRequest, NO_IATT, ROOT_GFID } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { clientError, file, settle, setup } from "./client-fixture.js";
import { success } from "./fake-brick.js";

describe("fds", () => {
  async function withFd(options = {}) {
    const context = await setup(options);
    const { brick, client } = context;
    const remote: bigint[] = [];
    brick.handlers.open = () => success("open", { fd: 40n });
    brick.handlers.fstat = ({ fd }) => {
      remote.push(fd);
      return success("fstat");
    };
    brick.handlers.release = ({ fd }) => {
      remote.push(fd);
      return success("release");
    };
    await client.connect();
    const { fd } = await client.fops.open({ gfid: file, flags: 0 });
    return { ...context, remote, fd };
  }

  it("have numbers of the client, which stand for those of the brick until they are released", async () => {
    const { client, remote, fd } = await withFd();
    expect(client.openFds()).toBe(1);
    await client.fops.fstat({ gfid: file, fd });
    await client.fops.fstat({ gfid: file, fd: ANONYMOUS_FD });
    await client.fops.release({ gfid: file, fd });
    expect(remote).toEqual([40n, -2n, 40n]);
    expect(client.openFds()).toBe(0);
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toMatchObject({
      code: "CLIENT_STALE_FD",
      executed: "no",
    });
  });

  it("that are being released are refused, and are open again when the release was not sent", async () => {
    const { client, brick, fd, scheduler } = await withFd({ calls: { callsMax: 1, inFlightMax: 1 } });
    brick.handlers.stat = () => undefined;
    const filling = client.fops.stat({ gfid: file }, { timeoutMs: 10 }).catch(() => {});
    await expect(client.fops.release({ gfid: file, fd })).rejects.toMatchObject({ code: "RPC_QUEUE_FULL" });
    scheduler.advance(10);
    await filling;
    await client.fops.fstat({ gfid: file, fd });
    brick.handlers.release = () => undefined;
    const releasing = client.fops.release({ gfid: file, fd }, { timeoutMs: 10 });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    scheduler.advance(10);
    await expect(releasing).rejects.toMatchObject({ code: "RPC_TIMEOUT", executed: "maybe" });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    expect(client.openFds()).toBe(1);
    const events = client.events();
    client.drop();
    expect((await events.next()).value).toMatchObject({ type: "lost", fds: [{ fd }] });
  });

  it("of a lost connection are told, and refused from then on, even if the brick gives the number again", async () => {
    const { client, brick, remote, fd, scheduler } = await withFd();
    const events = client.events();
    brick.peers[0]?.abort();
    await settle();
    const lost = (await events.next()).value;
    expect(lost).toMatchObject({
      type: "lost",
      session: 1,
      fds: [{ fd, remoteFd: 40n, gfid: file, isDirectory: false }],
      error: { code: "RPC_DISCONNECTED" },
    });
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    scheduler.advance(100);
    await settle();
    expect((await events.next()).value).toMatchObject({ type: "up", session: 2 });
    const again = await client.fops.open({ gfid: file, flags: 0 });
    expect(again.fd).not.toBe(fd);
    await expect(client.fops.fstat({ gfid: file, fd })).rejects.toEqual(clientError("CLIENT_STALE_FD"));
    await client.fops.fstat({ gfid: file, fd: again.fd });
    expect(remote).toEqual([40n]);
  });

  it("of both files are translated for a copy, and CREATE and OPENDIR open ones as well", async () => {
    const { client, brick, fd } = await withFd();
    let seen: FopRequest<"copyFileRange"> | undefined;
    brick.handlers.copyFileRange = (request) => {
      seen = request;
      return success("copyFileRange");
    };
    brick.handlers.create = () => success("create", { fd: 41n, stat: { ...NO_IATT, gfid: file } });
    brick.handlers.opendir = () => success("opendir", { fd: 42n });
    const created = await client.fops.create({ pargfid: ROOT_GFID, flags: 2, mode: 0o644, bname: "n" });
    await client.fops.opendir({ gfid: ROOT_GFID });
    const range = { gfid1: file, gfid2: file, offIn: 0, offOut: 0, size: 1 };
    await client.fops.copyFileRange({ ...range, fdIn: fd, fdOut: created.fd });
    expect([seen?.fdIn, seen?.fdOut]).toEqual([40n, 41n]);
    const events = client.events();
    await client.close();
    expect((await events.next()).value).toMatchObject({
      type: "lost",
      fds: [{ gfid: file }, { gfid: file, remoteFd: 41n }, { gfid: ROOT_GFID, isDirectory: true }],
    });
    expect((await events.next()).done).toBe(true);
  });

  it("are bounded, opens on their way included; one that fails takes no place", async () => {
    const { client, brick, fd } = await withFd({ fdsMax: 2 });
    const opens = [1, 2].map(() => client.fops.open({ gfid: file, flags: 0 }));
    await expect(opens[1]).rejects.toMatchObject({ code: "CLIENT_FD_LIMIT", executed: "no", errno: 24 });
    await opens[0];
    await client.fops.release({ gfid: file, fd });
    brick.handlers.open = () => success("open", { opRet: -1, opErrno: Errno.EACCES });
    for (let failed = 0; failed < 3; failed += 1) {
      await expect(client.fops.open({ gfid: file, flags: 0 })).rejects.toMatchObject({ code: "FOP_FAILED" });
    }
    expect(client.openFds()).toBe(1);
  });
});
