import { describe, expect, it } from "vitest";
import { loginOptions } from "../../src/options.js";
import { isAllowed } from "../../src/server/login.js";

const peer = (address: string, username?: string, password?: string, certificateName?: string) => ({
  address,
  username,
  password,
  certificateName,
});

describe("addresses", () => {
  it.each([
    ["*", "tcp://10.0.0.1:49152", true],
    ["10.0.0.*", "tcp://10.0.0.1:49152", true],
    ["10.0.0.1", "tcp://10.0.0.1:49152", true],
    ["10.0.0.1", "tcp://10.0.0.10:49152", false],
    ["10.0.0.*", "tcp://10.0.1.1:49152", false],
    ["tcp://10.*.0.1:*", "tcp://10.9.0.1:49152", true],
    ["::1", "tcp://[::1]:49152", true],
    ["fe80::*", "tcp://[::1]:49152", false],
    ["unix:*", "unix:/run/brick.sock", true],
    ["a*a", "a", false],
  ])("%s takes %s: %s", (pattern, address, expected) => {
    expect(isAllowed(loginOptions.parse({ allow: [pattern] }), peer(address))).toBe(expected);
  });

  it("that none of the patterns takes are refused, also with none at all", () => {
    expect(isAllowed(loginOptions.parse({ allow: [] }), peer("tcp://10.0.0.1:1"))).toBe(false);
  });
});

describe("certificates", () => {
  it.each([
    [undefined, undefined, true],
    [undefined, "client", true],
    [["client"], "client", true],
    [["other", "cl*"], "client", true],
    [["*"], "client", true],
    [["client"], "client2", false],
    [["*"], undefined, false],
    [[], "client", false],
  ])("of %j take %j: %s", (certificates, name, expected) => {
    const options = loginOptions.parse(certificates === undefined ? {} : { certificates });
    expect(isAllowed(options, peer("tls://10.0.0.1:1", undefined, undefined, name))).toBe(expected);
  });
});

it("an address that is rejected is so whatever else is allowed", () => {
  const options = loginOptions.parse({ allow: ["*"], reject: ["10.0.*"] });
  expect(isAllowed(options, peer("tcp://10.0.0.1:1"))).toBe(false);
  expect(isAllowed(options, peer("tcp://10.1.0.1:1"))).toBe(true);
});

describe("users", () => {
  const options = loginOptions.parse({ users: { alice: "secret", bob: "other" } });

  it.each([
    ["alice", "secret", true],
    ["alice", "other", false],
    ["alice", "secretsecret", false],
    ["alice", "", false],
    ["carol", "secret", false],
    [undefined, undefined, false],
    ["alice", undefined, false],
  ])("%s with %s: %s", (username, password, expected) => {
    expect(isAllowed(options, peer("tcp://1.2.3.4:5", username, password))).toBe(expected);
  });
});
