import type { TreeChange } from "./tree-context.js";
import { TreeError } from "./tree-error.js";
import { RecordKind } from "./tree-keys.js";

/** Bounds how many migration targets a brick has. They are counted when there may be too many, not for each that is made. */
export class TargetBound {
  readonly #targetsMax: number;
  /** There are no more than that: every one that was to be made counts, whatever became of it. */
  #atMost = Infinity;

  constructor(targetsMax: number) {
    this.#targetsMax = targetsMax;
  }

  /** To be called in each change that makes one. @throws TreeError `TREE_TARGETS_MAX`. */
  another(change: TreeChange): void {
    if (this.#atMost >= this.#targetsMax) this.#atMost = change.objects(RecordKind.target).length;
    if (this.#atMost >= this.#targetsMax)
      throw new TreeError("TREE_TARGETS_MAX", `${this.#atMost} migrations are under way`);
    this.#atMost += 1;
  }
}
