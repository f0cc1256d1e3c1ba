import { readFileSync } from "node:fs";
import { type FileOperation, History } from "../../simulation/check/history.js";
import { BLOCK_BYTES, type HistoryLine } from "./recorded-history.js";

/** One history out of those that clients left in files. What a client was killed over has an unknown outcome. */
export function readHistories(paths: readonly string[]): History {
  const history = new History(BLOCK_BYTES, true);
  for (const path of paths) {
    const own = new Map<string, FileOperation>();
    for (const line of linesOf(path)) {
      if ("begin" in line) {
        const { begin } = line;
        const operation: FileOperation = {
          name: undefined,
          ...begin,
          id: history.operations.length + 1,
          values: undefined,
          sizeBytes: undefined,
          brick: undefined,
          end: Number.POSITIVE_INFINITY,
          outcome: "unknown",
        };
        own.set(`${begin.client} ${begin.id}`, operation);
        history.operations.push(operation);
      } else end(own, line.end);
    }
  }
  history.operations.sort((one, other) => one.call - other.call);
  return history;
}

function end(own: ReadonlyMap<string, FileOperation>, ended: Extract<HistoryLine, { end: unknown }>["end"]) {
  const operation = own.get(`${ended.client} ${ended.id}`);
  if (operation === undefined) throw new Error(`an operation of ${ended.client} ends that never began`);
  operation.outcome = ended.outcome;
  operation.brick = ended.brick;
  operation.sizeBytes = ended.sizeBytes;
  operation.values = ended.values && Uint32Array.from(ended.values);
  if (ended.outcome !== "unknown") operation.end = ended.at;
}

function linesOf(path: string): HistoryLine[] {
  const lines = readFileSync(path, "utf8").split("\n");
  // What follows the last line end was not written whole: its client was killed over it.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as HistoryLine);
}
