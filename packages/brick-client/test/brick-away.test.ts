import { describe, expect, it } from "vitest";
import { file, settle, setup } from "./client-fixture.js";
import { success } from "./fake-brick.js";

describe("a brick that is away", () => {
  it("lets fops by gfid wait for it, and never repeats one that was sent", async () => {
    const { client, brick, scheduler } = await setup();
    let stats = 0;
    brick.handlers.stat = () => {
      stats += 1;
      return stats === 1 ? undefined : success("stat");
    };
    await client.connect();
    const sent = client.fops.stat({ gfid: file });
    await settle();
    brick.peers[0]?.abort();
    await expect(sent).rejects.toMatchObject({ code: "RPC_DISCONNECTED", executed: "maybe" });
    const waiting = client.fops.stat({ gfid: file });
    scheduler.advance(100);
    await waiting;
    expect(stats).toBe(2);
  });

  it("fails fops at once when told to, and all of them once closed", async () => {
    const { client, brick } = await setup({ whileDown: "fail" });
    await client.connect();
    brick.peers[0]?.abort();
    await settle();
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject({
      code: "RPC_DISCONNECTED",
      executed: "no",
    });
    await client.close();
    await expect(client.fops.stat({ gfid: file })).rejects.toMatchObject({
      code: "RPC_CLOSED",
      executed: "no",
    });
    await expect(client.connect()).rejects.toMatchObject({ code: "RPC_CLOSED" });
  });
});
