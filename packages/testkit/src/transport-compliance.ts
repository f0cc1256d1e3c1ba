import { describe } from "vitest";
import { aborting } from "./transport/aborting.js";
import { carrying } from "./transport/carrying.js";
import { ending } from "./transport/ending.js";
import { framing } from "./transport/framing.js";
import { pressing } from "./transport/pressing.js";
import { reaching } from "./transport/reaching.js";
import { Stage } from "./transport/stage.js";
import type { TransportComplianceOptions } from "./transport/under-test.js";

/**
 * The tests that make a transport one, as vitest tests: to be called at the top of a test file. No
 * test depends on how long something takes: each waits for what must happen, and what must not happen
 * is looked for after everything else had its turn.
 */
export function transportCompliance(options: TransportComplianceOptions): void {
  for (const chapter of [carrying, pressing, ending, aborting, reaching]) {
    describe(`transport compliance: ${chapter.name}`, () => {
      chapter(new Stage(options));
    });
  }
  describe.runIf(options.supports.rawBytes)("transport compliance: framing", () => {
    framing(new Stage(options));
  });
}
