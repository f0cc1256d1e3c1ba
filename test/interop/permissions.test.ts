import { seededRandom } from "@brickshift/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectClient } from "./support/brick-clients.js";
import { startEmulator } from "./support/emulator.js";
import { allCases, type CallerCase } from "./support/permissions/cases.js";
import { describeCase, runCases } from "./support/permissions/run-case.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

/** Cases that are drawn; `PERMISSION_CASES=20000` runs all, which takes minutes. */
const casesMax = Number(process.env["PERMISSION_CASES"] ?? 2_500);
const seed = Number(process.env["PERMISSION_SEED"] ?? 1);

/** Where we answer otherwise on purpose. */
const deviations: readonly {
  readonly act: CallerCase["act"];
  readonly answers: readonly (readonly [stock: string, ours: string])[];
  readonly why: string;
}[] = [
  {
    act: "resize",
    answers: [
      ["setattr=ok", "setattr=EACCES"],
      ["setattr=ok", "setattr=EISDIR"],
      ["setattr=ok", "setattr=EINVAL"],
      ["size=0", "size=7"],
    ],
    why: "a stock brick says that SETATTR set the size, and leaves the file as it was; ours sets it, or says why not",
  },
  {
    act: "look",
    answers: [["statfs=ENOENT", "statfs=ok"]],
    why: "a stock brick follows the symbolic link on its own disk to ask for the file system there",
  },
  {
    act: "truncate",
    answers: [["truncate=ENOENT", "truncate=EINVAL"]],
    why: "a stock brick follows the symbolic link on its own disk",
  },
  {
    act: "make-existing",
    answers: [
      ["create=ENOENT", "create=ELOOP"],
      ["trunc=ENOENT", "trunc=ELOOP"],
      ["rd=ENOENT", "rd=ELOOP"],
    ],
    why: "a stock brick follows the symbolic link on its own disk",
  },
];

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/** The cases of this run, drawn by the seed from all. */
function drawn(): readonly CallerCase[] {
  const random = seededRandom(seed);
  const left = [...allCases()];
  const cases: CallerCase[] = [];
  while (cases.length < casesMax && left.length > 0) {
    const at = random.below(left.length);
    cases.push(left[at] as CallerCase);
    left[at] = left.at(-1) as CallerCase;
    left.pop();
  }
  return cases;
}

/** An object that was removed: a stock brick names the errno by whether it has forgotten the inode yet. Source: measured, 2 of 20,000. */
const gone = /^(object|replaced)=(ENOENT|ESTALE)$/;

function isAllowed(act: CallerCase["act"], stock: string, ours: string): boolean {
  if (gone.test(stock) && gone.test(ours)) return true;
  return deviations.some(
    (deviation) =>
      deviation.act === act && deviation.answers.some(([one, other]) => one === stock && other === ours),
  );
}

it("answers every caller as a stock brick does, whatever the modes, owners and ACLs", async () => {
  const cases = drawn();
  const stockBrick = await startStockBrick(scratch, { name: "b0" });
  const { port } = await startEmulator(scratch, ["b0"]);
  const stock = await runCases(await connectClient(scratch, stockBrick), cases);
  const ours = await runCases(await connectClient(scratch, { name: "b0", port }), cases);

  const differences: string[] = [];
  for (const [index, given] of cases.entries()) {
    const [theirParts = [], ourParts = []] = [stock[index], ours[index]];
    const isSame =
      theirParts.length === ourParts.length &&
      theirParts.every(
        (part, at) => part === ourParts[at] || isAllowed(given.act, part, ourParts[at] as string),
      );
    if (isSame) continue;
    differences.push(
      `${describeCase(given)}\n  stock ${theirParts.join(" ")}\n  ours  ${ourParts.join(" ")}`,
    );
  }
  expect(differences).toEqual([]);
  // The comparison is worth nothing unless callers were let through and turned away.
  const words = stock.flat();
  for (const outcome of ["ok", "EACCES", "EPERM", "EEXIST"]) {
    expect(words.filter((word) => word.endsWith(`=${outcome}`)).length).toBeGreaterThan(casesMax / 100);
  }
});
