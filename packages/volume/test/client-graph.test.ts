import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  brickOptionsOf,
  clientGraph,
  formatVolfile,
  parseVolfile,
  parseVolumeOptions,
  subvolumeName,
  volumeOptionNames,
  VolumeError,
} from "../src/index.js";

/** What glusterd 10.3 made for such a volume. */
const fromGlusterd = (name: string) => readFileSync(new URL(`glusterd/${name}.vol`, import.meta.url), "utf8");
const bricks = ["/bricks/b0", "/bricks/b1"].map((name) => ({ name, host: "vm" }));
const textOf = (name: string, options: Record<string, string> = {}, of = bricks) =>
  formatVolfile(clientGraph({ name, bricks: of, options: parseVolumeOptions(options) }));
/** Translators with their options, in no order: glusterd's depends on its hash table. */
const shapeOf = (text: string) =>
  parseVolfile(text).map((section) => ({ ...section, options: Object.fromEntries(section.options) }));

const everythingOn = {
  "performance.read-ahead": "on",
  "performance.io-cache": "on",
  "performance.readdir-ahead": "on",
  "performance.nl-cache": "on",
  "performance.cache-invalidation": "on",
  "performance.md-cache-timeout": "60",
  "network.ping-timeout": "7",
  "performance.write-behind-window-size": "4MB",
  "performance.flush-behind": "off",
  "performance.client-io-threads": "on",
  "cluster.lookup-optimize": "off",
  "performance.io-thread-count": "8",
  "client.event-threads": "4",
  "network.frame-timeout": "600",
  "performance.strict-o-direct": "on",
  "performance.open-behind": "on",
  "performance.read-ahead-page-count": "8",
  "performance.cache-size": "64MB",
  "performance.lazy-open": "no",
  "performance.read-after-open": "off",
  "performance.nl-cache-timeout": "60",
  "performance.cache-max-file-size": "2MB",
  "performance.rda-cache-limit": "20MB",
  "performance.quick-read-cache-timeout": "5",
  "performance.quick-read-cache-invalidation": "on",
  "performance.aggregate-size": "64KB",
  "performance.strict-write-ordering": "on",
  "performance.resync-failed-syncs-after-fsync": "on",
  "performance.nl-cache-positive-entry": "on",
  "cluster.readdir-optimize": "on",
};

describe("the graph of a client", () => {
  it("is to the byte what glusterd makes, without options", () => {
    expect(textOf("demo")).toBe(fromGlusterd("default"));
  });

  it("of one brick has a distribution as well, as glusterd's has", () => {
    const text = textOf("one", {}, [{ name: "/bricks/b2", host: "vm" }]);
    expect(text).toBe(fromGlusterd("one-brick"));
  });

  it("has the translators and options that glusterd puts in when all are on", () => {
    expect(shapeOf(textOf("demo", everythingOn))).toEqual(shapeOf(fromGlusterd("everything-on")));
  });

  it("lacks the translators that are off", () => {
    const off = [
      "write-behind",
      "open-behind",
      "quick-read",
      "stat-prefetch",
      "client-io-threads",
      "read-ahead",
    ];
    const options = Object.fromEntries(off.map((name) => [`performance.${name}`, "off"]));
    expect(textOf("demo", options)).toBe(fromGlusterd("everything-off"));
  });

  it("names the port to ask when it is another than that of glusterd", () => {
    const at = (port: number) => textOf("demo", {}, [{ ...bricks[0]!, port } as (typeof bricks)[0]]);
    expect(parseVolfile(at(24_008))[0]?.options.get("remote-port")).toBe("24008");
    expect(at(24_007)).not.toContain("remote-port");
  });

  it("says that the bricks speak TLS, and by which addresses they are reached", () => {
    const sectionOf = (host: string, options: Record<string, string> = {}, isTls = false) =>
      clientGraph({
        name: "demo",
        bricks: [{ host, name: "/b" }],
        options: parseVolumeOptions(options),
        isTls,
      })[0]?.options;
    expect(sectionOf("server", {}, true)?.get("transport.socket.ssl-enabled")).toBe("on");
    const familyOf = (host: string, options?: Record<string, string>) =>
      sectionOf(host, options)?.get("transport.address-family");
    expect([familyOf("server"), familyOf("10.0.0.1"), familyOf("::1")]).toEqual(["inet", "inet", "inet6"]);
    expect(familyOf("server", { "transport.address-family": "inet6" })).toBe("inet6");
  });

  it("names subvolumes as link files do", () => {
    expect(parseVolfile(textOf("demo"))[1]?.name).toBe(subvolumeName("demo", 1));
    expect(subvolumeName("demo", 1)).toBe("demo-client-1");
  });
});

describe("options of a volume", () => {
  const failure = (options: Record<string, string>) => {
    try {
      parseVolumeOptions(options);
    } catch (error) {
      if (error instanceof VolumeError) return { code: error.code, message: error.message };
      throw error;
    }
    return undefined;
  };

  it("that do not exist are refused with those that do", () => {
    for (const name of ["something.else", "constructor", "__proto__x", "x".repeat(10_000)]) {
      const { code, message } = failure({ [name]: "on" })!;
      expect(code).toBe("VOLUME_OPTION_UNKNOWN");
      expect(message).toContain(`"${name}"`);
      for (const known of volumeOptionNames) expect(message).toContain(known);
    }
  });

  it.each([
    ["performance.write-behnd", "performance.write-behind"],
    ["Performance.Quick-Read", "performance.quick-read"],
    ["write-behind", "performance.write-behind"],
    ["ping-timeout", "network.ping-timeout"],
    ["features.lease", "features.leases"],
    ["auth-allow", "auth.allow"],
  ])("%s is refused with the one that was probably meant, %s", (written, meant) => {
    const message = `VOLUME_OPTION_UNKNOWN: there is no option "${written}"; did you mean ${meant}?`;
    expect(failure({ [written]: "on" })).toEqual({ code: "VOLUME_OPTION_UNKNOWN", message });
  });

  it.each([
    ["network.ping-timeout", "abc", "0 to 1013"],
    ["network.ping-timeout", "1014", "0 to 1013"],
    ["network.ping-timeout", "-1", "0 to 1013"],
    ["performance.write-behind", "maybe", "on or off"],
    ["performance.cache-size", "1", "64MB"],
    ["performance.cache-size", "4XB", "64MB"],
    ["cluster.min-free-disk", "101%", "percentage"],
    ["diagnostics.client-log-level", "LOUD", "DEBUG"],
    ["auth.allow", "a b", "commas"],
    ["auth.allow", "a,,b", "commas"],
  ])("%s cannot be %j", (name, value, hint) => {
    const { code, message } = failure({ [name]: value })!;
    expect(code).toBe("VOLUME_OPTION_VALUE");
    expect(message).toContain(name);
    expect(message).toContain(hint);
  });

  it.each([
    ["performance.write-behind", ["on", "off", "Yes", "no", "TRUE", "false", "enable", "disable", "1", "0"]],
    ["performance.cache-size", ["4MB", "64M", "1GB", "33554432", "32gb"]],
    ["cluster.min-free-disk", ["5", "10%", "2.5%", "1GB"]],
    ["auth.allow", ["*", "192.168.*,10.0.0.1"]],
  ])("%s may be each of its forms", (name, values) => {
    for (const value of values) expect(failure({ [name]: value })).toBeUndefined();
  });

  it("that are of the bricks are told apart", () => {
    expect(brickOptionsOf(parseVolumeOptions({}))).toEqual({
      leases: false,
      recallTimeoutMs: 60_000,
      cacheInvalidationMs: undefined,
      healthCheck: { intervalMs: 30_000, timeoutMs: 20_000 },
      allow: ["*"],
      certificates: undefined,
      reject: [],
    });
    const set = {
      "features.leases": "on",
      "features.lease-lock-recall-timeout": "5",
      "auth.allow": "a,b",
      "auth.reject": "c",
      "auth.ssl-allow": "d,e",
      "storage.health-check-interval": "0",
      "storage.health-check-timeout": "5",
      "features.cache-invalidation": "on",
    };
    expect(brickOptionsOf(parseVolumeOptions(set))).toEqual({
      leases: true,
      recallTimeoutMs: 5_000,
      cacheInvalidationMs: 60_000,
      healthCheck: { intervalMs: 0, timeoutMs: 5_000 },
      allow: ["a", "b"],
      certificates: ["d", "e"],
      reject: ["c"],
    });
    expect(textOf("demo", set)).toBe(fromGlusterd("default"));
  });
});
