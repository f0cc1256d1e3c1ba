import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const rules = z.array(
  z.strictObject({
    name: z.string().min(1),
    /** What holds while the code is as it is. */
    rule: z.string().min(1),
    /** What breaks it: each text is in its file exactly once. */
    edits: z.array(z.strictObject({ file: z.string(), from: z.string().min(1), to: z.string() })).min(1),
  }),
);

/** One safety rule, and how to break it. */
export type Rule = z.output<typeof rules>[number];

/** The root of the checkout. */
export const root = join(import.meta.dirname, "../..");

export function readRules(): readonly Rule[] {
  return rules.parse(JSON.parse(readFileSync(join(root, "test/mutation/rules.json"), "utf8")));
}

/**
 * The text of a file with a rule broken in it; the same text when the rule is not in it.
 * @throws Error when a text to replace is not there exactly once: the code has changed, and so must the rule.
 */
export function broken({ name, edits }: Rule, file: string, text: string): string {
  let result = text;
  for (const edit of edits.filter((other) => other.file === file)) {
    const parts = result.split(edit.from);
    if (parts.length !== 2) {
      throw new Error(`rule ${name}: ${JSON.stringify(edit.from)} is ${parts.length - 1} times in ${file}`);
    }
    result = parts.join(edit.to);
  }
  return result;
}
