/** The translators that a volume's clients have by default, from the brick up. */
const translators = [
  "write-behind",
  "read-ahead",
  "readdir-ahead",
  "io-cache",
  "open-behind",
  "quick-read",
  "md-cache",
] as const;

/** A client volfile with the performance translators on top of what `volfile` ends in. */
export function withPerformance(volfile: string): string {
  let below = [...volfile.matchAll(/^volume (\S+)$/gm)].at(-1)?.[1] ?? "";
  let sections = volfile;
  for (const name of translators) {
    const more = name === "md-cache" ? "    option cache-invalidation on\n" : "";
    sections += `\nvolume ${name}\n    type performance/${name}\n${more}    subvolumes ${below}\nend-volume\n`;
    below = name;
  }
  return sections;
}
