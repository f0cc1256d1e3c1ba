import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run, until } from "./support/command.js";
import { startEmulator } from "./support/emulator.js";
import { compileLeaseSteps, runLeaseSteps } from "./support/lease-steps.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";

/** Steps after each beginning, in every order: 3 takes minutes, 4 hours. */
const ORDER_LENGTH = Number(process.env["INTEROP_LEASE_ORDER_LENGTH"] ?? 2);

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const steps = (text: string) =>
  text
    .split(";")
    .map((step) => step.trim())
    .filter(Boolean);

/** What is open and held when the orders begin. Fds are O_NONBLOCK, so that no step waits. */
const beginnings = [
  "",
  "a a open wn; b b open rn",
  "a a open rn; b b open rn; a a set rd; b b set rd",
  "a a open wn; a a set rw",
  "a - open wn; b b open rn",
  "a a open rn; b b open rn; a a set rd; b b set rd; a a set rw",
].map(steps);

const leaseSteps = steps(
  "a a set rd; a a set rw; b b set rd; b b set rw; a a unlock rd; a a unlock rw; b b unlock rd; a a get",
);

/** All orders of steps, each step as often as it likes. */
function ordersAfter(beginning: readonly string[]): string[][] {
  const fops = beginning.flatMap((step) => {
    const [client, , op, how] = step.split(" ");
    if (op !== "open") return [];
    const fop = `${client} ${client}`;
    return how === "wn" ? [`${fop} read`, `${fop} write`] : [`${fop} read`];
  });
  let orders: string[][] = [[...beginning]];
  for (let length = 0; length < ORDER_LENGTH; length += 1) {
    orders = orders.flatMap((order) => [...leaseSteps, ...fops].map((step) => [...order, step]));
  }
  return orders;
}

/**
 * Why a stock brick answers a step differently, by name; `undefined` is a difference that ours may not have.
 * - fd without id: it compares ids as texts, and no id is equal to every id, so that such an fd is in nobody's way.
 * - others still hold: when one of several holders unlocks, it grants nothing more until the last has.
 */
function deviation(script: readonly string[], index: number, stock: readonly string[], ours: string) {
  const step = script[index] ?? "";
  if (!/ set r[dw]$/.test(step)) return undefined;
  if (stock[index] === "ok 0" && ours === "EPERM" && script.some((earlier) => / - open /.test(earlier))) {
    return "fd without id";
  }
  const gaveBack = script.some(
    (earlier, at) => at < index && / unlock /.test(earlier) && stock[at] === "ok 0",
  );
  if (stock[index] === "EPERM" && ours === "ok 0" && gaveBack) return "others still hold";
  return undefined;
}

it(`answers all orders of ${ORDER_LENGTH} steps of two clients as a stock brick does, but for two deviations`, async () => {
  const program = await compileLeaseSteps(scratch);
  const stock = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 3_000 } });
  const { port } = await startEmulator(scratch, ["e0"], ["--memory", "--recall-timeout", "infinite"]);
  const scripts = beginnings.flatMap(ordersAfter);
  const expected = await runLeaseSteps(scratch, program, stock, scripts);
  const answers = await runLeaseSteps(scratch, program, { name: "e0", port }, scripts);
  const deviations: Record<string, number> = {};
  const wrong: string[] = [];
  for (const [at, script] of scripts.entries()) {
    const [theirs = [], ours = []] = [expected[at], answers[at]];
    const index = ours.findIndex((answer, step) => answer !== theirs[step]);
    if (index < 0) continue;
    const name = deviation(script, index, theirs, ours[index] ?? "");
    if (name === undefined) {
      wrong.push(`${script.slice(0, index + 1).join("; ")}: ${ours[index]} instead of ${theirs[index]}`);
    } else {
      deviations[name] = (deviations[name] ?? 0) + 1;
    }
  }
  expect(wrong).toEqual([]);
  expect(Object.keys(deviations).toSorted()).toEqual(["fd without id", "others still hold"]);
  // The orders are worth nothing if they met neither refusals nor fops that would have to wait.
  for (const said of ["EPERM", "EAGAIN", "EINVAL", "ok 2"]) {
    expect(expected.flat().filter((answer) => answer === said).length).toBeGreaterThan(2);
  }
});

const waits = [
  "a a open w; a a set rd; a a set rw; a a unlock rd; a a unlock rd; a a unlock rw",
  "a a open w; a a set rw; b b get; b b set rd; recalled a 1; start b b open r; a a write; a a unlock rw; join b; b b read",
  "a a set rd; b b set rd; a a get; c c set rw; recalled a 1; recalled b 1; a a unlock rd; b b unlock rd; c c set rw; c c get",
  "a a open w; a a set rw; start b b open w; recalled a 1; start c c truncate; a a unlock rw; join b; join c; c c get",
  "a a set rw; start b b unlink; recalled a 1; a a unlock rw; join b",
  "a a set rd; b b set rd; start c c open w; recalled a 1; recalled b 1; a a unlock rd; b b get; b b unlock rd; join c",
].map(steps);

it("lets fops wait for a lease, recalls it and goes on after the unlock, as a stock brick does", async () => {
  const program = await compileLeaseSteps(scratch);
  const stock = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 3_000 } });
  const { port } = await startEmulator(scratch, ["e0"], ["--memory", "--recall-timeout", "infinite"]);
  const plain = (answers: string[][]) =>
    answers.map((one) => one.map((text) => text.replace(/, ended \d+/, "")));
  const expected = await runLeaseSteps(scratch, program, stock, waits);
  const answers = await runLeaseSteps(scratch, program, { name: "e0", port }, waits);
  expect(plain(answers)).toEqual(plain(expected));
});

/** A lease that is revoked while its holder has the file open, and what the holder is answered then. */
const dead = steps(
  "a a open w; a a set rw; start b b truncate; recalled a 1; join b; a a read; a a write; a a set rd; a a unlock rd; a a unlock rw; a a unlock rw; a a get",
);

it("refuses what rests on a revoked lease, and with --compat gluster-10.3 answers as that release does", async () => {
  const program = await compileLeaseSteps(scratch);
  const stock = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 1 } });
  const timeout = ["--memory", "--recall-timeout", "1000"];
  const safe = await startEmulator(scratch, ["e0"], timeout);
  const compat = await startEmulator(scratch, ["c0"], [...timeout, "--compat", "gluster-10.3"]);
  const after = async (brick: { name: string; port: number }) =>
    (await runLeaseSteps(scratch, program, brick, [dead]))[0]?.slice(5);
  const expected = await after(stock);
  expect(expected?.slice(0, 2)).toEqual(["ok 8", "ok 16"]);
  expect(await after({ name: "c0", port: compat.port })).toEqual(expected);
  expect((await after({ name: "e0", port: safe.port }))?.slice(0, 4)).toEqual(
    Array.from({ length: 4 }, () => "EKEYREVOKED"),
  );
});

it("answers EAGAIN to an O_NONBLOCK open that meets a lease, which ends a stock brick", async () => {
  const program = await compileLeaseSteps(scratch);
  const script = steps("a a set rw; b b open rn");
  const { port } = await startEmulator(scratch, ["e0"], ["--memory"]);
  const ours = await runLeaseSteps(scratch, program, { name: "e0", port }, [
    [...script, "recalled a 1", "a a unlock rw", "b b open rn"],
  ]);
  expect(ours).toEqual([["ok 0", "EAGAIN", "ok 0", "ok 0", "ok 0"]]);
  const stock = await startStockBrick(scratch, { name: "s0", leases: { recallSeconds: 3_000 } });
  await runLeaseSteps(scratch, program, stock, [script]);
  await until("the end of the stock brick", () => /signal received: \d+/.test(stock.log()));
});

it("is refused by the runner, by name, when it imitates a stock brick", async () => {
  const compat = await startEmulator(scratch, ["c0"], ["--memory", "--compat", "gluster-10.3"]);
  const plain = await startEmulator(scratch, ["e0"], ["--memory"]);
  const cli = fileURLToPath(new URL("../../apps/rebalance-runner/dist/cli.js", import.meta.url));
  const bricks = ["--source", compat.url("c0"), "--destination", plain.url("e0")];
  const { code, stderr } = await run(process.execPath, [
    cli,
    "run",
    ...bricks,
    "--state",
    scratch.path("journal"),
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("imitates gluster-10.3");
});
