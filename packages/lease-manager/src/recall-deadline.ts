import type { Lease, Recall } from "./lease.js";
import type { LeaseOptions } from "./options.js";

/** Marks the recall of `lease` at `nowMs`, sets its deadline and returns it: `Infinity` for none. */
export function startRecall(lease: Lease, options: LeaseOptions, nowMs: number): number {
  const deadlineMs = options.recallTimeoutMs === "infinite" ? Infinity : nowMs + options.recallTimeoutMs;
  lease.recall = { atMs: nowMs, deadlineMs };
  return deadlineMs;
}

/**
 * Progress of the holder under recall: it has `recallProgressMs` left at the least, but never more than
 * `recallCapMs` from the recall, so that those who wait do not wait on a busy holder for ever.
 */
export function extendRecall(recall: Recall, options: LeaseOptions, nowMs: number): void {
  if (recall.deadlineMs === Infinity) return;
  const capMs = recall.atMs + options.recallCapMs;
  recall.deadlineMs = Math.max(recall.deadlineMs, Math.min(nowMs + options.recallProgressMs, capMs));
}

interface Armed {
  readonly lease: Lease;
  readonly atMs: number;
}

/**
 * The recalled leases by deadline, a binary heap. A deadline that moved, and a lease that ended, is put
 * right only when its entry comes to the top: extending costs nothing.
 */
export class RecallDeadlines {
  #heap: Armed[] = [];
  #pruneAtSize = 64;

  /** Entries, those of ended leases included: never more than twice the recalled leases, or 64. */
  get size(): number {
    return this.#heap.length;
  }

  add(lease: Lease): void {
    const atMs = deadlineOf(lease);
    if (atMs === Infinity) return;
    if (this.#heap.length >= this.#pruneAtSize) this.#prune();
    this.#push({ lease, atMs });
  }

  /** The next deadline, in monotonic ms. */
  nextMs(): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (!top.lease.hasEnded && deadlineOf(top.lease) === top.atMs) return top.atMs;
      this.#pop();
      if (!top.lease.hasEnded) this.add(top.lease);
    }
    return undefined;
  }

  /** Removes and returns the leases whose deadline has come, first due first. */
  takeDue(nowMs: number): Lease[] {
    const due: Lease[] = [];
    for (let nextMs = this.nextMs(); nextMs !== undefined && nextMs <= nowMs; nextMs = this.nextMs()) {
      const armed = this.#pop();
      if (armed !== undefined) due.push(armed.lease);
    }
    return due;
  }

  /** Throws the entries of ended leases out, so that leases recalled and unlocked in time do not pile up. */
  #prune(): void {
    const entries = this.#heap.filter((armed) => !armed.lease.hasEnded);
    this.#heap = [];
    for (const armed of entries) this.#push(armed);
    this.#pruneAtSize = Math.max(64, entries.length * 2);
  }

  #push(armed: Armed): void {
    const heap = this.#heap;
    let index = heap.push(armed) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Armed;
      if (above.atMs <= armed.atMs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = armed;
  }

  #pop(): Armed | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child =
        right < heap.length && (heap[right] as Armed).atMs < (heap[left] as Armed).atMs ? right : left;
      const below = heap[child] as Armed;
      if (below.atMs >= last.atMs) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

function deadlineOf(lease: Lease): number {
  return lease.recall?.deadlineMs ?? Infinity;
}
