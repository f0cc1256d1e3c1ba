import { MemoryJournal } from "@brickshift/rebalance";
import type { FaultPlan } from "./scenario.js";
import type { Simulation } from "./simulation.js";
import type { CallEvent } from "./world/record-watch.js";

/** Lets the faults of a scenario strike when their time has come. */
export class Faults {
  readonly #pending: { readonly plan: FaultPlan; left: number }[];
  #simulation: Simulation | undefined;
  #isOver = false;
  /** Runners that will be started again. */
  starting = 0;

  constructor(plans: readonly FaultPlan[]) {
    this.#pending = plans.map((plan) => ({ plan, left: plan.trigger.nth }));
  }

  attach(simulation: Simulation): void {
    this.#simulation = simulation;
  }

  /** No fault strikes from now on. */
  end(): void {
    this.#isOver = true;
  }

  onCall(event: CallEvent): void {
    if (this.#isOver) return;
    for (const entry of [...this.#pending]) {
      const { trigger } = entry.plan;
      if (event.what !== trigger.what || (trigger.call !== "any" && trigger.call !== event.call)) continue;
      entry.left -= 1;
      if (entry.left > 0) continue;
      this.#pending.splice(this.#pending.indexOf(entry), 1);
      this.#strike(entry.plan, event.link.split("-")[0] ?? "");
    }
  }

  /** @param runner the one whose call it was. */
  #strike({ name, act }: FaultPlan, runner: string): void {
    const simulation = this.#simulation as Simulation;
    const { bricks, marks, clock } = simulation;
    simulation.faults.set(act.type, (simulation.faults.get(act.type) ?? 0) + 1);
    simulation.tell(`fault ${name}: ${JSON.stringify(act)}`);
    const victim = simulation.runners.find(({ process }) => process.name === runner);
    const after = (ms: number, run: () => void) => {
      if (ms !== Number.POSITIVE_INFINITY) clock.at(clock.nowMs() + ms, () => void (this.#isOver || run()));
    };
    switch (act.type) {
      case "cut":
        if (act.who === "runner") victim?.links[act.brick].cut();
        else for (const link of simulation.clientLinks) if (link.name.endsWith(`b${act.brick}`)) link.cut();
        return;
      case "sever":
        victim?.links[act.brick].sever(act.lingerMs, clock);
        return;
      case "block": {
        const link = victim?.links[act.brick];
        if (link === undefined) return;
        if (simulation.isLeased(0) && act.direction !== "both") marks.reach("half-open");
        if (act.direction !== "to-runner") link.toBrick.block();
        if (act.direction !== "to-brick") link.toClient.block();
        after(act.forMs, () => {
          link.toBrick.unblock();
          link.toClient.unblock();
        });
        return;
      }
      case "slow": {
        const link = victim?.links[act.brick];
        if (link === undefined) return;
        link.toBrick.delayMsMax = act.delayMs;
        link.toClient.delayMsMax = act.delayMs;
        after(act.forMs, () => link.heal(simulation.scenario.delayMsMax));
        return;
      }
      case "kill-brick":
      case "power-cut":
        // Not from within the brick that is to die: it would go on to the end of what it does.
        after(0, () => {
          simulation.crashBrick(act.brick, act.type === "kill-brick" ? "kill" : "power-cut");
          after(act.downMs, () => {
            if (!bricks[act.brick].isUp) void bricks[act.brick].start();
          });
        });
        return;
      case "kill-runner": {
        if (victim === undefined || victim.isOver) return;
        if (simulation.isLeased(0)) marks.reach("runner-killed-under-lease");
        simulation.markCrash();
        victim.kill();
        this.starting += 1;
        clock.at(clock.nowMs() + act.againAfterMs, () => {
          this.starting -= 1;
          if (this.#isOver) return;
          const isResuming = act.keepsJournal && victim.journal.status() !== undefined;
          const journal = isResuming ? victim.journal : new MemoryJournal();
          if (isResuming) marks.reach("resumed");
          void simulation.addRunner(journal, isResuming, victim.from).then((next) => next.run());
        });
        return;
      }
      case "pause-runner":
        if (simulation.isLeased(0) && act.forMs > 3_000) marks.reach("runner-paused");
        victim?.process.sleep(act.forMs);
        return;
      case "stall-brick":
        if (simulation.isLeased(0)) marks.reach("brick-stalled");
        bricks[act.brick].process?.sleep(act.forMs);
        return;
      case "jump":
        if (simulation.isLeased(0)) marks.reach("clock-jumped");
        if (act.who === "runner") victim?.process.jump(act.byMs);
        else bricks[act.who].process?.jump(act.byMs);
        return;
      case "set-wall-clock":
        bricks[act.brick].setWallClock(act.byMs);
        return;
      case "full": {
        const { trouble } = bricks[act.brick].disk;
        trouble.isFull = true;
        after(act.forMs, () => (trouble.isFull = false));
        return;
      }
      case "disk-errors": {
        const { trouble } = bricks[act.brick].disk;
        trouble.errorShare = act.share;
        after(act.forMs, () => (trouble.errorShare = 0));
        return;
      }
      case "second-runner":
        void simulation.addRunner().then((next) => next.run());
        return;
    }
  }
}
