import { type JsonEvent, JsonProcess } from "./json-process.js";

/** What a runner is asked to do. */
export interface RunnerOrder {
  readonly program: string;
  /** Ports of the ways to the two bricks, and the names of these. */
  readonly source: { readonly port: number; readonly brick: string };
  readonly destination: { readonly port: number; readonly brick: string };
  readonly journal: string;
  readonly isResuming: boolean;
  readonly concurrency: number;
  readonly protection: "lease" | "none";
}

/** How a runner ended. */
export interface RunnerEnd {
  /** Exit code or signal. */
  readonly code: number | NodeJS.Signals;
  readonly report: JsonEvent | undefined;
  readonly errors: string;
}

/** One process of `rebalance-runner run`. */
export class RunnerProcess {
  readonly ended: Promise<RunnerEnd>;
  readonly #process: JsonProcess;

  /** @param onMoved hears of each file that was moved. */
  constructor(order: RunnerOrder, onMoved: () => void) {
    const url = ({ port, brick }: RunnerOrder["source"]) => `gluster://127.0.0.1:${port}/${brick}`;
    const args = ["run", "--source", url(order.source), "--destination", url(order.destination)];
    args.push("--state", order.journal, "--concurrency", String(order.concurrency));
    args.push("--protection", order.protection, "--json", "--until-stdin-ends");
    if (order.isResuming) args.push("--resume");
    let report: JsonEvent | undefined;
    const started = new JsonProcess(order.program, args, (event) => {
      if (event["event"] === "report") report = event;
      if (event["event"] === "file" && event["outcome"] === "moved") onMoved();
    });
    this.#process = started;
    this.ended = started.exited.then((code) => ({ code, report, errors: started.errors }));
  }

  get isOver(): boolean {
    return this.#process.isOver;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }
}
