import { withDump } from "@brickshift/rpc";
import { Errno, oldDictOf, oldDictText, programs } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { clientError, settle, setup } from "./client-fixture.js";

describe("the handshake", () => {
  it("tells the brick who comes, learns what it is, and then takes fops", async () => {
    const { client, brick } = await setup({
      username: "u",
      password: "p",
      processName: "runner",
      processId: 77,
      hostName: "h",
    });
    const seen: Record<string, string | undefined> = {};
    const setvolume = brick.setvolume;
    brick.setvolume = (dict) => {
      for (const key of ["remote-subvolume", "username", "password", "fops-version", "process-name"]) {
        seen[key] = oldDictText(dict, key);
      }
      return setvolume(dict);
    };
    expect([client.session, client.isUp, client.capabilities]).toEqual([0, false, undefined]);
    await client.connect();
    expect(seen).toEqual({
      "remote-subvolume": "/bricks/b0",
      username: "u",
      password: "p",
      "fops-version": "1298437",
      "process-name": "runner",
    });
    expect(brick.clients[0]).toMatch(
      /^CTX_ID:[0-9a-f-]{36}-GRAPH_ID:0-PID:77-HOST:h-PC_NAME:runner-RECON_NO:-0$/,
    );
    expect([client.session, client.isUp]).toEqual([1, true]);
    expect(client.capabilities).toEqual({
      brickshift: "1",
      brickId: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
      subvolume: "demo-client-0",
      volumeId: "11111111-2222-3333-4444-555555555555",
      processUuid: "brick-process",
    });
  });

  it("finds nothing of Brickshift in a stock brick", async () => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: null });
    await client.connect();
    expect(client.capabilities).toMatchObject({
      brickshift: undefined,
      brickId: undefined,
      subvolume: undefined,
    });
  });

  it("is a new client for the brick with every connection, of the same context, and keeps the volume's id", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    let volumeId: string | undefined;
    const setvolume = brick.setvolume;
    brick.setvolume = (dict) => {
      volumeId = oldDictText(dict, "volume-id");
      return setvolume(dict);
    };
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    const [first = "", second = ""] = brick.clients;
    expect(second).toBe(first.replace("RECON_NO:-0", "RECON_NO:-1"));
    expect(volumeId).toBe("11111111-2222-3333-4444-555555555555");
  });

  it.each([
    [Errno.EACCES, "CLIENT_AUTH_REFUSED"],
    [Errno.ENOENT, "CLIENT_BRICK_UNKNOWN"],
    [Errno.EAGAIN, "CLIENT_BRICK_NOT_READY"],
    [Errno.ESTALE, "CLIENT_VOLUME_CHANGED"],
    [Errno.EINVAL, "CLIENT_HANDSHAKE_REFUSED"],
  ])("fails for errno %i with %s, and the reason that the brick gave", async (opErrno, code) => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: -1, opErrno, dict: oldDictOf({ ERROR: "because" }) });
    await expect(client.connect()).rejects.toEqual(clientError(code));
    await expect(client.connect()).rejects.toThrow("because");
    expect(client.isUp).toBe(false);
  });

  it("does not take a brick without storage for ready, nor a brick id that is none", async () => {
    const { client, brick } = await setup();
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: oldDictOf({ child_up: "0" }) });
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_BRICK_NOT_READY"));
    brick.setvolume = () => ({ opRet: 0, opErrno: 0, dict: oldDictOf({ "brickshift.brick-id": "x" }) });
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_HANDSHAKE_REFUSED"));
  });

  it("tells a peer that is no brick by what it lists", async () => {
    const { client, brick } = await setup();
    brick.programs = (_, shake) => withDump([shake]);
    await expect(client.connect()).rejects.toThrow("memory://brick is not a GlusterFS brick");
    brick.programs = (fop, shake) => withDump([{ ...fop, version: 330 }, shake]);
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
    brick.programs = () => [];
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
    brick.programs = () => [
      { ...programs.dump, procedures: new Set([1, 2]), handle: (call) => void call.reply([]) },
    ];
    await expect(client.connect()).rejects.toEqual(clientError("CLIENT_NOT_A_BRICK"));
  });

  it("gives up coming back to a brick that refuses it, and says so", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    const events = client.events();
    brick.setvolume = () => ({ opRet: -1, opErrno: Errno.EACCES, dict: null });
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    expect((await events.next()).value).toMatchObject({ type: "lost" });
    expect((await events.next()).value).toMatchObject({
      type: "give-up",
      error: { code: "CLIENT_AUTH_REFUSED" },
    });
    expect(scheduler.armed).toBe(0);
  });

  it("comes back to a brick that is unknown for a while", async () => {
    const { client, brick, scheduler } = await setup();
    await client.connect();
    const setvolume = brick.setvolume;
    brick.setvolume = () => ({ opRet: -1, opErrno: Errno.ENOENT, dict: null });
    brick.peers[0]?.abort();
    await settle();
    scheduler.advance(100);
    await settle();
    brick.setvolume = setvolume;
    scheduler.advance(1_000);
    await settle();
    expect(client.session).toBe(2);
  });
});
