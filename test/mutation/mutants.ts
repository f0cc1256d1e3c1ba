import type { Mutant } from "./mutant.js";
import { ofBrick } from "./of-brick.js";
import { ofLeaseManager } from "./of-lease-manager.js";
import { ofRebalance } from "./of-rebalance.js";
import { ofSimulation } from "./of-simulation.js";
import { ofTransaction } from "./of-transaction.js";
import { ofTree } from "./of-tree.js";

/** The rules that no write is lost by, each with the change that takes it away. */
export const mutants: readonly Mutant[] = [
  ...ofLeaseManager,
  ...ofTransaction,
  ...ofBrick,
  ...ofTree,
  ...ofRebalance,
  ...ofSimulation,
];
