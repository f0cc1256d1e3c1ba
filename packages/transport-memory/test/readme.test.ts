import { runReadmeSnippet } from "@brickshift/testkit";
import { expect, it } from "vitest";

it("the snippet of the README runs and prints what it says", async () => {
  const { printed, promised } = await runReadmeSnippet(new URL("..", import.meta.url));
  expect(printed).toEqual(promised);
  expect(promised.length).toBeGreaterThan(0);
});
