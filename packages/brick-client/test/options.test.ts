import { nodeScheduler } from "@brickshift/rpc";
import { expect, it } from "vitest";
import { createBrickClient, isClientError } from "../src/index.js";
import { setup } from "./client-fixture.js";

it("refuses options that make no sense, before anything happens", async () => {
  const { transport } = await setup();
  const make = (options: object) => () =>
    createBrickClient({
      transport,
      address: "memory://brick",
      brick: "b",
      scheduler: nodeScheduler,
      random: { next: () => 0 },
      options,
    });
  expect(make({ callTimeout: 5 })).toThrow("callTimeout");
  expect(make({ auth: { groups: Array.from({ length: 90 }, () => 1) } })).toThrow("more than 91");
  expect(make({ fdsMax: 0 })).toThrow("fdsMax");
  expect(isClientError(new Error("no"))).toBe(false);
});
