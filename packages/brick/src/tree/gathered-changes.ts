import type { TreeChange, TreeContext } from "./tree-context.js";

interface Waiting {
  readonly work: (change: TreeChange) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Changes for which nobody is in a hurry: those that are asked for while one is under way make one transaction after it. */
export class GatheredChanges {
  readonly #context: TreeContext;
  #waiting: Waiting[] = [];
  #isUnderWay = false;

  constructor(context: TreeContext) {
    this.#context = context;
  }

  /** As `TreeContext.change`, some time later. */
  async change(work: (change: TreeChange) => void): Promise<void> {
    const made = new Promise<void>((resolve, reject) => this.#waiting.push({ work, resolve, reject }));
    if (!this.#isUnderWay) void this.#makeAll();
    return made;
  }

  async #makeAll(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#waiting.length > 0) await this.#make(this.#waiting.splice(0));
    this.#isUnderWay = false;
  }

  async #make(gathered: readonly Waiting[]): Promise<void> {
    try {
      await this.#context.change((change) => {
        for (const { work } of gathered) work(change);
      });
      for (const { resolve } of gathered) resolve();
    } catch (error) {
      // What fails for one fails for all of a transaction: each is made alone, and hears of its own.
      if (gathered.length === 1) gathered[0]?.reject(error);
      else for (const one of gathered) await this.#make([one]);
    }
  }
}
