import { describe, expect, it } from "vitest";
import { parseBrickArgument } from "../src/brick-argument.js";
import { brickOptions } from "../src/brick-options.js";
import { parseListenAddress } from "../src/listen-address.js";
import { parseRecallTimeout } from "../src/recall-timeout.js";
import { socketOptions } from "../src/socket-options.js";
import { UsageError } from "../src/usage-error.js";

describe("--listen", () => {
  it.each([
    ["127.0.0.1:0", false, "tcp://127.0.0.1:0"],
    ["0.0.0.0:24010", false, "tcp://0.0.0.0:24010"],
    ["[::1]:24010", false, "tcp://[::1]:24010"],
    ["host.example:24010", true, "tls://host.example:24010"],
    ["unix:/run/brick.sock", false, "unix:///run/brick.sock"],
  ])("%s with TLS %s is %s", (text, tls, address) => {
    expect(parseListenAddress(text, tls)).toBe(address);
  });

  it("takes a relative socket path from the working directory", () => {
    expect(parseListenAddress("unix:brick.sock", false)).toBe(`unix://${process.cwd()}/brick.sock`);
  });

  it.each([
    ["24010", false],
    ["host", false],
    ["host:70000", false],
    ["::1:24010", false],
    ["unix:/run/brick.sock", true],
  ])("%s with TLS %s is refused", (text, tls) => {
    expect(() => parseListenAddress(text, tls)).toThrow(UsageError);
  });
});

describe("--brick", () => {
  it("is a name and a directory", () => {
    expect(parseBrickArgument("b0=/srv/b0")).toEqual({ name: "b0", directory: "/srv/b0" });
    expect(parseBrickArgument("b0=/srv/a=b").directory).toBe("/srv/a=b");
  });

  it.each(["b0", "=dir", "b0=", "b 0=/srv"])("%j is refused", (text) => {
    expect(() => parseBrickArgument(text)).toThrow(UsageError);
  });
});

describe("--recall-timeout", () => {
  it("is milliseconds or infinite", () => {
    expect(parseRecallTimeout("250")).toBe(250);
    expect(parseRecallTimeout("infinite")).toBe("infinite");
  });

  it.each(["0", "-1", "1.5", "soon", "600001"])("%j is refused", (text) => {
    expect(() => parseRecallTimeout(text)).toThrow(UsageError);
  });
});

describe("--connections-max and --record-timeout", () => {
  it("leave the transport room for those whom the bricks refuse", () => {
    expect(socketOptions({})).toEqual({ connectionsMax: 5_120, recordTimeoutMs: 180_000 });
    expect(brickOptions({ allow: [], user: [] })).toMatchObject({ connectionsMax: 4_096 });
    expect(socketOptions({ connectionsMax: "20", recordTimeout: "5" })).toEqual({
      connectionsMax: 1_044,
      recordTimeoutMs: 5,
    });
    expect(brickOptions({ allow: [], user: [], connectionsMax: "20" })).toMatchObject({ connectionsMax: 20 });
  });

  it.each(["0", "-1", "1.5", "many", "", "100000000"])("%j is refused", (text) => {
    expect(() => socketOptions({ connectionsMax: text })).toThrow(UsageError);
    expect(() => socketOptions({ recordTimeout: text })).toThrow(UsageError);
  });
});

/** What commander gives when none of these options is written. */
const given = { allow: [], user: [] };

describe("--cache-invalidation", () => {
  it("is whole seconds, and off when it is not given", () => {
    expect(brickOptions({ ...given, cacheInvalidation: "60" })).toMatchObject({
      cacheInvalidation: { timeoutMs: 60_000 },
    });
    expect(brickOptions(given)).not.toHaveProperty("cacheInvalidation");
  });

  it.each(["0", "-1", "1.5", "1e2", "", "601"])("%j is refused", (text) => {
    expect(() => brickOptions({ ...given, cacheInvalidation: text })).toThrow(UsageError);
  });
});

it("--compat reaches the bricks, and is off when it is not given", () => {
  expect(brickOptions({ ...given, compat: "gluster-10.3" })).toMatchObject({ compat: "gluster-10.3" });
  expect(brickOptions(given)).not.toHaveProperty("compat");
});
