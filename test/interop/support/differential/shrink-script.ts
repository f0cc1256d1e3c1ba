import type { Script } from "./step.js";

/** The script without what is not needed to make `fails` hold: by halves at first, by single steps in the end. */
export async function shrinkScript(
  script: Script,
  fails: (script: Script) => Promise<boolean>,
): Promise<Script> {
  let shortest = script;
  for (let size = Math.ceil(script.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.length;) {
      const without = [...shortest.slice(0, at), ...shortest.slice(at + size)];
      if (await fails(without)) shortest = without;
      else at += size;
    }
  }
  return shortest;
}
