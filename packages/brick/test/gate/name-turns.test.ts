import { type Gfid, ROOT_GFID } from "@brickshift/wire";
import { expect, it } from "vitest";
import { type EntryName, NameTurns } from "../../src/gate/name-turns.js";

const name = (text: string, parent: Gfid = ROOT_GFID): EntryName => ({ parent, name: text });

it("lets the first take a name at once and the others in order", () => {
  const turns = new NameTurns();
  const order: string[] = [];
  expect(turns.take([name("a")], () => order.push("never"))).toBe(true);
  expect(turns.take([name("a")], () => order.push("second"))).toBe(false);
  expect(turns.take([name("a")], () => order.push("third"))).toBe(false);
  expect(turns.take([name("b")], () => {})).toBe(true);
  turns.give([name("a")]);
  expect(order).toEqual(["second"]);
  turns.give([name("a")]);
  turns.give([name("a")]);
  turns.give([name("b")]);
  expect([order, turns.size]).toEqual([["second", "third"], 0]);
});

it("never lets two renames in opposite directions wait for each other", () => {
  const turns = new NameTurns();
  const order: string[] = [];
  expect(turns.take([name("a"), name("b")], () => {})).toBe(true);
  expect(turns.take([name("b"), name("a")], () => order.push("back"))).toBe(false);
  expect(turns.take([name("a"), name("b")], () => order.push("again"))).toBe(false);
  turns.give([name("a"), name("b")]);
  expect(order).toEqual(["back"]);
  turns.give([name("b"), name("a")]);
  expect(order).toEqual(["back", "again"]);
  turns.give([name("a"), name("b")]);
  expect(turns.size).toBe(0);
});

it("takes a name once for a fop that names it twice", () => {
  const turns = new NameTurns();
  expect(turns.take([name("a"), name("a")], () => {})).toBe(true);
  turns.give([name("a"), name("a")]);
  expect(turns.size).toBe(0);
});
