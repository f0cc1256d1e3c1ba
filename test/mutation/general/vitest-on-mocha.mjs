/**
 * What the unit tests import from Vitest, on Mocha: Vitest's own `expect`, and Mocha's `describe` and `it`. Vitest starts a worker
 * for each mutant, which costs a hundred times what most tests take; Mocha runs the tests that are loaded once again and again.
 */
import { readFileSync } from "node:fs";
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { format as formatValue } from "@vitest/pretty-format";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect);
globalThis[GLOBAL_EXPECT] = expect;
Object.assign(expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0 }, expect);
expect.extend(expect, customMatchers);
expect.extend(expect, {
  toMatchInlineSnapshot: (value, snapshot) =>
    matched(formatValue(value, { escapeString: false, printBasicPrototype: false }), unindented(snapshot)),
  toMatchFileSnapshot: (value, path) => matched(value, readFileSync(path, "utf8")),
});

function matched(found, expected) {
  return { pass: found === expected, message: () => `expected ${expected}, found ${found}` };
}

/** The text without the indentation of its first line. */
function unindented(text) {
  const [, indentation = ""] = /^\n( *)/.exec(text) ?? [];
  return text.replaceAll(`\n${indentation}`, "\n").trim();
}

export const { beforeEach, afterEach } = globalThis;
export const describe = withEach(globalThis.describe);
export const it = withEach((title, run) => globalThis.it(title, () => settled(run())));

/** The result of a test; one that waits for nothing but promises has it after a few turns, or never. */
async function settled(result) {
  if (typeof result?.then === "function") await Promise.race([result, afterManyTurns()]);
}

async function afterManyTurns() {
  for (let turns = 0; turns < 1_000; turns += 1) await new Promise(setImmediate);
  throw new Error("the test never settles");
}

/** A test or group of Mocha that can be made of each row of a table; its number tells it from the others. */
function withEach(make) {
  const made = (title, run) => make(title, run);
  made.each = (table) => (title, run) => {
    for (const [index, row] of table.entries()) {
      const values = Array.isArray(row) ? row : [row];
      make(`${title} #${index}`, () => run(...values));
    }
  };
  return made;
}
