import { type FopRelation, type Gate, gateRows, type LeaseType, verdict } from "../src/index.js";
import type { LeaseScope } from "@brickshift/wire";

const relations: readonly FopRelation[] = ["own", "other", "none", "internal"];
const types: readonly LeaseType[] = ["read", "read-write"];
const scopes: readonly LeaseScope[] = ["open", "data"];

/** The conflict table as Markdown: who waits, for each gate, scope and type of lease. */
export function conflictTableDoc(): string {
  const columns = scopes.flatMap((scope) => types.map((type) => ({ scope, type })));
  const head = ["fop", ...columns.map(({ scope, type }) => `${scope}, ${type}`)];
  const rows = (Object.keys(gateRows) as Gate[]).map((gate) => [
    `\`${gate}\``,
    ...columns.map(({ scope, type }) => waitersOf(gate, type, scope)),
  ]);
  return alignedTable([head, ...rows]);
}

function waitersOf(gate: Gate, type: LeaseType, scope: LeaseScope): string {
  const waiters = relations.filter((relation) => verdict(gate, relation, type, scope) === "wait");
  return waiters.join(", ") || "·";
}

/** As the formatter writes it, so that formatting and generating agree. */
function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...body.map(line)].join("\n");
}
