/** A size that the environment may raise for a longer run by hand. */
export function sizeOf(variable: string, byDefault: number): number {
  const given = process.env[variable];
  if (given === undefined) return byDefault;
  const size = Number(given);
  if (!Number.isSafeInteger(size) || size < 1) throw new Error(`${variable}=${given} is no size`);
  return size;
}
