import { expect, it } from "vitest";
import { formatHostPort, parseHostPort, parsePeerHostPort, parseUnixPath } from "../src/addresses.js";

it.each([
  ["tcp://127.0.0.1:24007", { host: "127.0.0.1", port: 24_007 }],
  ["tcp://brick-1.example:0", { host: "brick-1.example", port: 0 }],
  ["tcp://[::1]:65535", { host: "::1", port: 65_535 }],
  ["tcp://[fe80::1%eth0]:1", { host: "fe80::1%eth0", port: 1 }],
  ["tcp://[::ffff:10.0.0.1]:1", { host: "::ffff:10.0.0.1", port: 1 }],
])("parses and formats %s", (address, hostPort) => {
  expect(parseHostPort(address, "tcp")).toEqual(hostPort);
  expect(formatHostPort("tcp", hostPort)).toBe(address);
});

it.each([
  "tls://h:1",
  "tcp://h",
  "tcp://h:",
  "tcp://h:x",
  "tcp://h:65536",
  "tcp://::1:5",
  "tcp://h:1/",
  " tcp://h:1",
])("refuses %j", (address) => {
  expect(() => parseHostPort(address, "tcp")).toThrow("TRANSPORT_ADDRESS");
});

it("refuses port 0 for a peer", () => {
  expect(() => parsePeerHostPort("tls://h:0", "tls")).toThrow("TRANSPORT_ADDRESS");
  expect(parsePeerHostPort("tls://h:1", "tls")).toEqual({ host: "h", port: 1 });
});

it("takes the path of a Unix socket literally, up to 107 bytes", () => {
  expect(parseUnixPath("unix:///run/a b%20c.sock")).toBe("/run/a b%20c.sock");
  const longest = `/${"ä".repeat(53)}`;
  expect(parseUnixPath(`unix://${longest}`)).toBe(longest);
  for (const address of [`unix://${longest}a`, "unix:/run/x", "unix://run/x", "unix:///a\0b", "unix:///"]) {
    expect(() => parseUnixPath(address)).toThrow("TRANSPORT_ADDRESS");
  }
});
