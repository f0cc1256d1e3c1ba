/** A bar of `width` characters, `part` in [0, 1] of it full. */
export function progressBar(part: number, width = 28): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}
