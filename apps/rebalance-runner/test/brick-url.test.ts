import { describe, expect, it } from "vitest";
import { parseBrickUrl } from "../src/brick-url.js";
import { ExitCode } from "../src/exit-code.js";

describe("the address of a brick", () => {
  it.each([
    ["gluster://127.0.0.1:24010/b0", "tcp://127.0.0.1:24010", "b0"],
    ["gluster://[::1]:24010/b0", "tcp://[::1]:24010", "b0"],
    ["gluster+tls://store.example:24010/b0", "tls://store.example:24010", "b0"],
    ["gluster://127.0.0.1:24010/bricks/b0", "tcp://127.0.0.1:24010", "bricks/b0"],
    ["gluster://store.example/b0", "tcp://store.example:24007", "b0"],
    ["gluster://store.example//bricks/b0", "tcp://store.example:24007", "/bricks/b0"],
    ["gluster+unix:///run/brick.sock?brick=b0", "unix:///run/brick.sock", "b0"],
  ])("%s is %s, brick %s", (text, address, brick) => {
    expect(parseBrickUrl(text)).toEqual({ address, brick, text });
  });

  it.each([
    "",
    "b0",
    "tcp://h:1/b",
    "gluster://h/",
    "gluster://h:1",
    "gluster://h:1/",
    "gluster+unix:///run/s",
  ])("%j is refused with the forms that are understood", (text) => {
    expect(() => parseBrickUrl(text)).toThrow(expect.objectContaining({ exitCode: ExitCode.usage }));
    expect(() => parseBrickUrl(text)).toThrow(/gluster:\/\/HOST\[:PORT\]\/BRICK/);
  });
});
