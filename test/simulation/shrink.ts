import { runScenario, type Verdict } from "./run-scenario.js";
import { type Mode, type Scenario, scenarioOf } from "./scenario.js";

/** What is left out of the scenario of a seed: parts by name, and operations beyond the first of each client. */
export interface Cuts {
  /** Names of faults and clients. */
  readonly without: readonly string[];
  readonly operationsMax: number;
}

export const NO_CUTS: Cuts = { without: [], operationsMax: Number.POSITIVE_INFINITY };

/** The scenario of a seed without what is left out. The files stay: their numbers name them. */
export function cutScenario(seed: number, mode: Mode, { without, operationsMax }: Cuts): Scenario {
  const scenario = scenarioOf(seed, mode);
  const isIn = ({ name }: { readonly name: string }) => !without.includes(name);
  return {
    ...scenario,
    faults: scenario.faults.filter(isIn),
    clients: scenario.clients
      .filter(isIn)
      .map((client) => ({ ...client, operations: Math.min(client.operations, operationsMax) })),
  };
}

/** The command that runs what a seed stands for, without what is left out. */
export function commandOf(seed: number, mode: Mode, { without, operationsMax }: Cuts): string {
  const cuts = [
    ...(without.length > 0 ? [`--without ${without.join(",")}`] : []),
    ...(Number.isFinite(operationsMax) ? [`--operations-max ${operationsMax}`] : []),
  ];
  return ["pnpm sim", `--seed ${seed}`, `--mode ${mode}`, ...cuts].join(" ");
}

/**
 * Leaves out of a failing run what it can do without: faults and clients one by one, then operations by halves, as long as
 * it still fails, for whatever reason.
 */
export async function shrink(
  seed: number,
  mode: Mode,
  failing: Verdict,
  given: Cuts,
): Promise<[Cuts, Verdict]> {
  let cuts = given;
  let verdict = failing;
  const attempt = async (next: Cuts): Promise<boolean> => {
    const other = await runScenario(cutScenario(seed, mode, next));
    if (other.violations.length === 0) return false;
    cuts = next;
    verdict = other;
    return true;
  };
  const { faults, clients } = cutScenario(seed, mode, given);
  for (const { name } of [...faults, ...clients]) {
    await attempt({ ...cuts, without: [...cuts.without, name] });
  }
  for (let operations = Math.max(0, ...clients.map((client) => client.operations)); operations > 1;) {
    operations = Math.floor(operations / 2);
    if (!(await attempt({ ...cuts, operationsMax: operations }))) break;
  }
  return [cuts, verdict];
}
