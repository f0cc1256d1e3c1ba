/** A run of bytes of a file: `length` bytes from `offset`, both whole numbers within 2^53 − 1. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Every byte that a file can have, whatever its size. */
export const WHOLE_FILE: readonly Extent[] = [{ offset: 0, length: Number.MAX_SAFE_INTEGER }];

/** The first byte after `extent`. */
export function endOf(extent: Extent): number {
  return extent.offset + extent.length;
}

/** How many bytes `extents`, which must not overlap, hold together. */
export function extentsBytes(extents: readonly Extent[]): number {
  let bytes = 0;
  for (const extent of extents) bytes += extent.length;
  return bytes;
}

/**
 * The same bytes as `extents` in ascending, disjoint extents. When more than `extentsMax` remain, the
 * narrowest gaps are filled until they fit: what is copied may grow, it never shrinks.
 */
export function normalizeExtents(extents: readonly Extent[], extentsMax: number): readonly Extent[] {
  const sorted = extents.filter((extent) => extent.length > 0);
  sorted.sort((left, right) => left.offset - right.offset);
  let merged = mergeAcross(sorted, 0);
  // Doubling the gap ends: a gap as wide as the file leaves one extent.
  for (let gapBytes = 1; merged.length > extentsMax; gapBytes *= 2) merged = mergeAcross(merged, gapBytes);
  return merged;
}

/** The part of `extents`, which must be ascending, that lies before `endBytes`. */
export function clipExtents(extents: readonly Extent[], endBytes: number): readonly Extent[] {
  const last = extents.at(-1);
  if (last === undefined || endOf(last) <= endBytes) return extents;
  const clipped: Extent[] = [];
  for (const { offset, length } of extents) {
    if (offset >= endBytes) break;
    clipped.push({ offset, length: Math.min(length, endBytes - offset) });
  }
  return clipped;
}

/** Merges ascending extents that overlap, touch, or lie at most `gapBytes` apart. */
function mergeAcross(sorted: readonly Extent[], gapBytes: number): Extent[] {
  const merged: Extent[] = [];
  for (const extent of sorted) {
    const last = merged.at(-1);
    if (last === undefined || extent.offset > endOf(last) + gapBytes) {
      merged.push(extent);
      continue;
    }
    const endBytes = Math.max(endOf(last), endOf(extent));
    merged[merged.length - 1] = { offset: last.offset, length: endBytes - last.offset };
  }
  return merged;
}
