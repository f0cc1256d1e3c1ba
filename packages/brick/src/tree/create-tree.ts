import { hostWallNs } from "../host-driver.js";
import type { BrickStore } from "../store/store.js";
import { attributeCalls } from "./attribute-calls.js";
import { createCalls } from "./create-calls.js";
import { dataCalls } from "./data-calls.js";
import { migrationCalls } from "./migration-calls.js";
import { namelessCalls } from "./nameless-calls.js";
import { treeOptions, type TreeOptionsInput } from "./options.js";
import { readCalls } from "./read-calls.js";
import { recover, type Recovered } from "./recovery.js";
import { removeCalls } from "./remove-calls.js";
import { renameCall } from "./rename-call.js";
import type { Tree } from "./tree.js";
import { TreeContext, type WallClock } from "./tree-context.js";

/** What {@link createTree} is given beside the store. */
export interface TreeInput {
  /** Wall clock in ns since 1970; the machine's, in whole milliseconds, when absent. */
  readonly clock?: WallClock;
  readonly options?: TreeOptionsInput;
}

/**
 * Opens the namespace in a store: makes the root in a new one, ends what a killed process had begun in another.
 * One tree for a store at a time. The store stays the caller's, who closes it after the tree.
 * @throws ZodError when `options` do not fit {@link treeOptions}; rejects as the store does.
 */
export async function createTree(
  store: BrickStore,
  input: TreeInput = {},
): Promise<Tree & { readonly recovered: Recovered }> {
  const options = treeOptions.parse(input.options ?? {});
  const context = new TreeContext(store, options, input.clock ?? hostWallNs);
  const recovered = await recover(context);
  return {
    recovered,
    ...readCalls(context),
    ...createCalls(context),
    ...namelessCalls(context),
    ...removeCalls(context),
    ...renameCall(context),
    ...attributeCalls(context),
    ...dataCalls(context),
    ...migrationCalls(context),
    async close() {
      await context.settled();
      while (context.times.size > 0) await context.persistTimes(context.times.oldest(1024));
    },
  };
}
