import type { BrickClient, FopMethods } from "@brickshift/brick-client";
import {
  ANONYMOUS_FD,
  type Dict,
  getXdata,
  type Gfid,
  type MigrationStep,
  ROOT_GFID,
} from "@brickshift/wire";
import { expect, it } from "vitest";
import type { BrickPort } from "../src/index.js";
import { readAnywhere } from "./file-clients.js";
import { Mortality, noAnswer } from "./mortal-port.js";
import { makeFile, random, readAll, rebalance, twoBricks } from "./two-bricks.js";

type Call = (input: unknown, options: unknown) => Promise<unknown>;

/** The client, with calls of one fop going through `around`. */
function intercept(
  client: BrickClient,
  fop: string,
  around: (input: never, send: () => Promise<unknown>) => Promise<unknown>,
): BrickPort {
  const fops = new Proxy(client.fops, {
    get: (methods, name: keyof FopMethods) => (input: never, options: never) => {
      const send = () => (methods[name] as Call)(input, options);
      return name === fop ? around(input, send) : send();
    },
  });
  const { brick, session, capabilities } = client;
  return { brick, session, capabilities, fops, onRecall: (listener) => client.onRecall(listener) };
}

/** Lets something happen once, just before a step of a migration is sent. */
function beforeStep(client: BrickClient, step: MigrationStep, work: () => Promise<unknown>): BrickPort {
  let isDone = false;
  return intercept(client, "setxattr", async (input: { dict: Dict | null }, send) => {
    if (!isDone && getXdata(input.dict, "migration") === step) {
      isDone = true;
      await work();
    }
    return send();
  });
}

/** A runner that is ended right after its call `name` number `nth` was carried out. */
async function endedAfter(
  bricks: Awaited<ReturnType<typeof twoBricks>>,
  name: string,
  nth = 1,
): Promise<void> {
  const { media: _media, connect } = bricks;
  const find = new Mortality();
  const probe = await twoBricks();
  await makeFile(probe.source, "f", random.bytes(3_000));
  await rebalance().run({ source: find.port(probe.source), destination: find.port(probe.destination) });
  await probe.close();
  const numbers = find.names.flatMap((each, index) => (each === name ? [index + 1] : []));
  const mortality = new Mortality("dies-after", numbers[nth - 1]);
  const [source, destination] = [await connect("b0"), await connect("b1")];
  await rebalance({ stepTriesMax: 1, copy: { replaysMax: 0 } })
    .run({ source: mortality.port(source), destination: mortality.port(destination) })
    .catch(() => {});
  await Promise.all([source.close(), destination.close()]);
}

async function oneFile(recallTimeoutMs = 60_000) {
  const bricks = await twoBricks({ leases: { recallTimeoutMs } });
  const content = Buffer.from(random.bytes(3_000));
  const gfid = await makeFile(bricks.source, "f", content);
  return { ...bricks, bricks, gfid, content };
}

const target = (servers: Awaited<ReturnType<typeof twoBricks>>["servers"], gfid: Gfid) =>
  servers.b1.server.bricks.get("b1")?.tree.target(gfid)?.phase;

it("never takes over a target whose source has committed, though the crawl had seen data", async () => {
  const { bricks, source, destination, servers, gfid, content, close } = await oneFile();
  let phase: string | undefined;
  // What a run before left was ended when this one began: the rival comes after that, and dies.
  const stale = intercept(source, "readdirp", async (_input, send) => {
    const reply = await send();
    if (phase === undefined) {
      await endedAfter(bricks, "b0 setxattr");
      phase = target(servers, gfid);
    }
    return reply;
  });
  const report = await rebalance().run({ source: stale, destination });
  expect(phase).toBe("prepared");
  expect(report.failures).toEqual([]);
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});

it("takes a target over only under the lock that keeps runners apart", async () => {
  const { bricks, source, destination, connect, servers, gfid, content, close } = await oneFile();
  await endedAfter(bricks, "b1 mknod");
  expect(target(servers, gfid)).toBe("filling");
  const other = await connect("b0");
  const flock = { type: 1, whence: 0, start: 0n, len: 0n, pid: 0, lkOwner: new Uint8Array(0) };
  await other.fops.inodelk({ gfid, cmd: 1, type: 1, flock, volume: "dht.file.migrate" });
  const refused = await rebalance().run({ source, destination });
  expect(refused.failures).toMatchObject([{ outcome: { code: "REBALANCE_OTHER_RUNNER" } }]);
  expect(target(servers, gfid)).toBe("filling");
  await other.close();
  const report = await rebalance().run({ source, destination });
  expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});

it("publishes what was committed though the lease on the destination was revoked meanwhile", async () => {
  const { source, destination, connect, gfid, content, close } = await oneFile(20);
  const looker = await connect("b1");
  // It waits for the lease, until that is revoked.
  const look = () => looker.fops.lookup({ gfid, pargfid: ROOT_GFID, flags: 0, bname: "f" });
  const report = await rebalance().run({ source, destination: beforeStep(destination, "publish", look) });
  expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});

it("begins anew when the lease was revoked before the commit, and keeps the write that did it", async () => {
  const { source, destination, connect, gfid, content, close } = await oneFile(20);
  const writer = await connect("b0");
  const payload = Buffer.from("written in the last moment");
  const write = () => writer.fops.write({ gfid, fd: ANONYMOUS_FD, offset: 5, payload });
  const report = await rebalance().run({ source: beforeStep(source, "commit", write), destination });
  expect(report.counts).toMatchObject({ moved: 1, failed: 0 });
  payload.copy(content, 5);
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});

it("says vanished of a file that was removed just before its commit", async () => {
  const { source, destination, connect, gfid, close } = await oneFile(20);
  const remover = await connect("b0");
  const remove = () => remover.fops.unlink({ pargfid: ROOT_GFID, bname: "f" });
  const report = await rebalance().run({ source: beforeStep(source, "commit", remove), destination });
  expect(report.counts).toMatchObject({ vanished: 1, moved: 0, failed: 0 });
  expect(await readAnywhere([source, destination], gfid)).toBeUndefined();
  await close();
});

/** A rival that takes the file as far as the commit, and cannot tell the destination. @returns the phase of its target. */
async function commitElsewhere({
  connect,
  servers,
  gfid,
}: Awaited<ReturnType<typeof oneFile>>): Promise<string | undefined> {
  const [source, destination] = [await connect("b0"), await connect("b1")];
  const unpublished = intercept(destination, "setxattr", async (input: { dict: Dict | null }, send) => {
    if (getXdata(input.dict, "migration") === "publish") throw noAnswer("setxattr");
    return send();
  });
  await rebalance({ stepTriesMax: 1 }).run({ source, destination: unpublished });
  return target(servers, gfid);
}

it("leaves a target alone that another runner took over, and whose source has committed since", async () => {
  const stage = await oneFile(20);
  const { source, destination, gfid, content, close } = stage;
  let phase: string | undefined;
  // The rival comes while the target is made and nothing is copied: this lease is revoked for its.
  const slow = intercept(source, "read", async (_input, send) => {
    phase ??= await commitElsewhere(stage);
    return send();
  });
  const report = await rebalance().run({ source: slow, destination });
  expect(phase).toBe("prepared");
  expect(report.failures).toEqual([]);
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});

it("leaves a target alone that another runner made, when its own request had no answer", async () => {
  const stage = await oneFile(20);
  const { source, destination, gfid, content, close } = stage;
  let phase: string | undefined;
  // The crawl saw data; by the time that the file is asked for, the source has committed for the rival.
  const late = intercept(source, "lease", async (_input, send) => {
    phase ??= await commitElsewhere(stage);
    return send();
  });
  const silent = intercept(destination, "mknod", async (_input, send) => {
    await send().catch(() => {});
    throw noAnswer("mknod");
  });
  const report = await rebalance().run({ source: late, destination: silent });
  expect(phase).toBe("prepared");
  expect(report.failures).toEqual([]);
  expect((await readAll(destination, gfid)).equals(content)).toBe(true);
  await close();
});
