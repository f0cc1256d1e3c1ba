import { expect, it } from "vitest";
import { deviceOfRdev, rdevOfDevice } from "../src/index.js";

it("splits a device number into major and minor, and puts them together again", () => {
  expect(rdevOfDevice(0n)).toBe(0n);
  expect(rdevOfDevice(0x801n)).toBe(0x8_0000_0001n);
  for (const [major, minor] of [
    [8n, 1n],
    [0xfffn, 0xffn],
    [0x12345n, 0x6789abn],
    [0xffff_ffffn, 0xffff_ffffn],
  ] as const) {
    const rdev = (major << 32n) | minor;
    expect(rdevOfDevice(deviceOfRdev(rdev))).toBe(rdev);
  }
  expect(deviceOfRdev(0x8_0000_0001n)).toBe(0x801n);
});
