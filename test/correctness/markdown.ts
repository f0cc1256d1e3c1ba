/** A number as it is read. */
export function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

/** A table; cells are taken as they are, but for what would end them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Counts, the largest first, as `3 of this, 1 of that`. */
export function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([what, count]) => `${number(count)} × ${what}`)
    .join(", ");
}

/** When, and at which commit, a result came about. */
export function when({
  date,
  commit,
}: {
  readonly date?: string | undefined;
  readonly commit?: string | undefined;
}): string {
  const parts = [date, commit === undefined ? undefined : `at \`${commit}\``].filter(
    (part) => part !== undefined,
  );
  return parts.length === 0 ? "" : `, ${parts.join(" ")}`;
}
