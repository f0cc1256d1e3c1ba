import leven from "leven";

/** Edits that may be between what was written and what was meant, as a share of its length. */
const EDITS_SHARE_MAX = 0.35;
/** Longest name that is compared, as that takes its length squared. */
const NAME_LENGTH_MAX = 200;

/**
 * Which of `names` was probably meant by `written`; `undefined` when none is near. A name may be written without what comes
 * before its last dot: `write-behind` is `performance.write-behind`.
 */
export function nearestName<Name extends string>(written: string, names: readonly Name[]): Name | undefined {
  const asked = written.toLowerCase();
  if (asked.length > NAME_LENGTH_MAX) return undefined;
  let nearest: Name | undefined;
  let share = EDITS_SHARE_MAX;
  for (const name of names) {
    for (const form of [name, name.slice(name.lastIndexOf(".") + 1)]) {
      const edits = leven(asked, form) / form.length;
      if (edits >= share) continue;
      share = edits;
      nearest = name;
    }
  }
  return nearest;
}
