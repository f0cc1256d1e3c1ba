import { fileURLToPath } from "node:url";

/** The programs under test: bundles, as users run them. */
export interface Programs {
  readonly brick: string;
  readonly runner: string;
}

// From `test/chaos/dist`, where this program is.
const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The bundles that `pnpm build` makes. */
export const builtPrograms: Programs = {
  brick: fromRoot("apps/brick-emulator/dist/cli.js"),
  runner: fromRoot("apps/rebalance-runner/dist/cli.js"),
};

/** The program that plays clients. */
export const playerProgram = fromRoot("test/chaos/dist/player.mjs");
/** The root of the project. */
export const projectRoot = fromRoot(".");
