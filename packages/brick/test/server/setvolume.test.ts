import { AcceptStat, ROOT_GFID } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory-store.js";
import { createFile, readFile, startBrick, textOf, writeFile } from "../test-brick.js";

describe("SETVOLUME", () => {
  it("names the brick, its state and what Brickshift adds", async () => {
    const { connect, brick } = await startBrick();
    const client = await connect();
    const reply = await client.setvolume();
    expect(reply.opRet).toBe(0);
    expect(reply.text("ERROR")).toBe("Success");
    expect(reply.text("child_up")).toBe("1");
    expect(reply.text("brickshift.version")).toBe("1");
    expect(reply.text("brickshift.brick-id")).toBe(brick.id);
    expect(reply.text("volume-id")).toBeUndefined();
  });
});

it("serves a file from its creation to its content", async () => {
  const { client } = await startBrick();
  const one = await client();
  const { gfid, fd } = await createFile(one, "f");
  expect(fd).toBe(0n);
  expect((await writeFile(one, gfid, "hello")).opRet).toBe(5);
  const reply = await readFile(one, gfid);
  expect(reply.opRet).toBe(5);
  expect(textOf(reply.payload)).toBe("hello");
  const found = await one.call("lookup", { gfid, pargfid: ROOT_GFID, flags: 0, bname: "f", xdata: null });
  expect(found.prestat.size).toBe(5);
  expect(found.poststat.gfid).toBe(ROOT_GFID);
  expect(AcceptStat.success).toBe(0);
  expect(createMemoryStore).toBeDefined();
});
