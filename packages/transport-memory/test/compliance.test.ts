import { seededRandom, transportCompliance } from "@brickshift/testkit";
import { describe } from "vitest";
import { createMemoryTransport, type Defer, MemoryNetwork } from "../src/index.js";

/** Runs what is deferred in any order, as a simulation may. */
function scrambled(seed: number): Defer {
  const random = seededRandom(seed);
  const steps: (() => void)[] = [];
  return (run) => {
    steps.push(run);
    queueMicrotask(() => {
      const [step] = steps.splice(random.below(steps.length), 1);
      step?.();
    });
  };
}

const defers: Readonly<Record<string, Defer | undefined>> = {
  "in order": undefined,
  "scrambled, seed 1": scrambled(1),
  "scrambled, seed 2": scrambled(2),
};

describe.each(Object.entries(defers))("steps %s", (_name, defer) => {
  transportCompliance({
    setup() {
      const network = new MemoryNetwork();
      let listeners = 0;
      return {
        createTransport: (limits) =>
          createMemoryTransport(limits, { network, ...(defer === undefined ? {} : { defer }) }),
        listenAddress: () => `memory://listener-${(listeners += 1)}`,
        deadAddress: () => "memory://nobody",
        malformedAddresses: ["memory://", "memory://a/b", "memory://a b", `memory://${"a".repeat(256)}`],
      };
    },
    teardown() {},
    supports: { abortNotice: true, rawBytes: false, recycle: false },
  });
});
