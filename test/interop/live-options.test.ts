import { readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./support/command.js";
import { mountVolume } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { ServedVolumes } from "./support/served-volume.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const host = "127.0.0.1";

async function startConfigured() {
  const config = scratch.path("volumes.json");
  const write = (volume: object) =>
    writeFileSync(config, JSON.stringify({ volumes: [{ name: "demo", bricks: ["b0"], ...volume }] }));
  write({});
  const served = await ServedVolumes.start(scratch, ["--config", config, "--listen", `${host}:0`]);
  const reload = async (volume: object) => {
    const seen = served.count("reconfigured");
    write(volume);
    served.signal("SIGHUP");
    await served.until(() => served.count("reconfigured") > seen);
  };
  return { served, reload, server: { host, port: served.port, volume: "demo" } };
}

/** What has to be true of a mount, though it may fail first. */
const holds = (isSo: () => boolean) => () => {
  try {
    return isSo();
  } catch {
    return false;
  }
};

it("a mount whose address is refused from now on ends, as with a stock brick, and a new one works when it is not", async () => {
  const { served, reload, server } = await startConfigured();
  const mount = await mountVolume(scratch, server);
  writeFileSync(`${mount.path}/f`, "content");
  await reload({ options: { "auth.reject": host } });
  await served.until(() => served.count("session-refused", { code: "BRICK_AUTHENTICATION" }) > 0);
  // The client ends itself and takes its mount away; between the two, calls are answered ENOTCONN.
  await until(
    "the end of the mount",
    holds(() => statSync(mount.path).ino !== 1),
  );
  await reload({});
  const again = await mountVolume(scratch, server, "again");
  expect(readFileSync(`${again.path}/f`, "utf8")).toBe("content");
  await again.unmount();
  expect(await served.stop()).toBe(0);
});

it("a brick that is stopped and started again by the configuration is so for the mount", async () => {
  const { served, reload, server } = await startConfigured();
  const mount = await mountVolume(scratch, server);
  const write = (content: string) => writeFileSync(`${mount.path}/f`, content);
  write("before");
  await reload({ stopped: ["b0"] });
  expect(() => write("meanwhile")).toThrow("ENOTCONN");
  await reload({});
  await until(
    "the brick",
    holds(() => (write("after"), true)),
  );
  expect(readFileSync(`${mount.path}/f`, "utf8")).toBe("after");
  expect(served.count("session-closed")).toBe(0);
  await mount.unmount();
  expect(await served.stop()).toBe(0);
});

it("cache invalidation that is turned on reaches mounts that were there, without a restart", async () => {
  const { served, reload, server } = await startConfigured();
  const [reader, writer] = [
    await mountVolume(scratch, server, "reader"),
    await mountVolume(scratch, server, "writer"),
  ];
  writeFileSync(`${writer.path}/f`, "1");
  expect(readFileSync(`${reader.path}/f`, "utf8")).toBe("1");
  const options = {
    "features.cache-invalidation": "on",
    "performance.cache-invalidation": "on",
    "performance.md-cache-timeout": 600,
  };
  await reload({ options });
  await until("the new volfile", () => served.count("volfile-fetched") >= 4);
  for (const mount of [reader, writer]) {
    await until("the option", () => mount.log().includes("option md-cache-timeout using set value 600"));
  }
  // A file of its own: what was cached before, the brick knows nothing of.
  writeFileSync(`${writer.path}/g`, "");
  // Cached for 600 s by now, and nevertheless seen at once.
  for (let round = 2; round < 6; round += 1) {
    statSync(`${reader.path}/g`);
    const content = "x".repeat(round);
    writeFileSync(`${writer.path}/g`, content);
    await until(`round ${round}`, () => readFileSync(`${reader.path}/g`, "utf8") === content);
  }
  await reader.unmount();
  await writer.unmount();
  expect(await served.stop()).toBe(0);
});
