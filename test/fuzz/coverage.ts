import { type Profiler, Session } from "node:inspector";

/** From and to, an offset into a script each. */
type Span = readonly [from: number, to: number];

/**
 * Which blocks of the program have run, as V8 counts them: an input that reaches a new one is worth more like it. The
 * counters are those of the whole process. V8 tells of a function that ran which of its blocks did not.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #isOurs: (url: string) => boolean;
  /** What never ran of each function that did. */
  readonly #missed = new Map<string, readonly Span[]>();

  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** In how many functions something has run, since it was asked last, that never had. With `remember` false it is asked only. */
  take(remember = true): number {
    let found = 0;
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw new Error(error.message);
      for (const { url, scriptId, functions } of result) {
        if (!this.#isOurs(url)) continue;
        for (const { ranges } of functions) {
          const key = `${scriptId}:${ranges[0]?.startOffset}:${ranges[0]?.endOffset}`;
          const known = this.#missed.get(key);
          const missed = known === undefined ? missedOf(ranges) : common(known, missedOf(ranges));
          if (known !== undefined && length(missed) === length(known)) continue;
          if (ranges[0]?.count === 0) continue;
          found += 1;
          if (remember) this.#missed.set(key, missed);
        }
      }
    });
    return found;
  }

  /** Ends the counting: the program is fast again. */
  close(): void {
    this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }
}

function missedOf(ranges: readonly Profiler.CoverageRange[]): readonly Span[] {
  return ranges.flatMap(({ startOffset, endOffset, count }): Span[] =>
    count === 0 ? [[startOffset, endOffset]] : [],
  );
}

function common(some: readonly Span[], others: readonly Span[]): readonly Span[] {
  return some.flatMap(([from, to]) =>
    others.flatMap(([start, end]): Span[] => {
      const both: Span = [Math.max(from, start), Math.min(to, end)];
      return both[0] < both[1] ? [both] : [];
    }),
  );
}

function length(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}
