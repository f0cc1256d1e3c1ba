import { expect, it } from "vitest";
import { History } from "./history.js";
import { judgeFile } from "./judge-history.js";

/** A write that makes a file of 4 blocks one of 10, and beside it a read that sees `blocks`. */
function readBesideGrowth(growsByBlock: boolean, blocks: number) {
  const history = new History(64, growsByBlock);
  const write = history.begin({ client: "c1", file: "f", type: "write", from: 4, to: 10, value: 7 });
  const read = history.begin({ client: "c2", file: "f", type: "read", from: 0, to: 1 });
  read.values = Uint32Array.of(9);
  read.sizeBytes = 64 * blocks;
  history.end(read, "done");
  history.end(write, "done");
  return judgeFile(history, { name: "f", blocks: 4, value: 9 });
}

it.each([4, 10])(
  "explains a size of %i blocks beside a write from 4 to 10, whoever keeps the file",
  (blocks) => {
    expect(readBesideGrowth(false, blocks)).toBeUndefined();
    expect(readBesideGrowth(true, blocks)).toBeUndefined();
  },
);

it("explains a size in between only where files grow by blocks", () => {
  expect(readBesideGrowth(true, 6)).toBeUndefined();
  expect(readBesideGrowth(false, 6)?.text).toContain("size:");
});

it.each([3, 11])("explains a size of %i blocks nowhere", (blocks) => {
  expect(readBesideGrowth(true, blocks)?.text).toContain("size:");
});
