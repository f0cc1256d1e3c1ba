import { ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { FdTable } from "../src/fd-table.js";

it("gives an fd whose connection is gone already a number that is refused, and never one of another", () => {
  const fds = new FdTable(2);
  const lost = fds.add(7n, ROOT_GFID, false, true);
  const open = fds.add(7n, ROOT_GFID, false, false);
  expect(open).not.toBe(lost);
  expect(() => fds.remote(lost)).toThrow("CLIENT_STALE_FD");
  expect(fds.remote(open)).toBe(7n);
  expect(fds.count).toBe(1);
});

it("leaves numbers alone that mean no fd, and refuses those it never gave", () => {
  const fds = new FdTable(2);
  expect([fds.remote(-1n), fds.remote(-2n)]).toEqual([-1n, -2n]);
  expect(() => fds.remote(0n)).toThrow("CLIENT_STALE_FD");
});
