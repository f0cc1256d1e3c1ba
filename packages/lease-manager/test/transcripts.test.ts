import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { LeaseOptionsInput } from "../src/index.js";
import { LeaseScene } from "./lease-scene.js";

const directory = new URL("transcripts/", import.meta.url);

/**
 * Replays the lines of a transcript that begin with `>` and writes below each what the manager said. Lines
 * with `#` are kept; `> options {…}`, first, sets options.
 */
function replay(transcript: string): string {
  let scene = new LeaseScene();
  const lines: string[] = [];
  for (const line of transcript.split("\n")) {
    if (line.startsWith("#") || line === "") lines.push(line);
    if (!line.startsWith("> ")) continue;
    const command = line.slice(2);
    lines.push(line);
    if (command.startsWith("options ")) {
      scene = new LeaseScene(JSON.parse(command.slice(8)) as LeaseOptionsInput);
    } else {
      lines.push(...scene.run(command).map((words) => `    ${words}`));
    }
  }
  return lines.join("\n");
}

it.each(readdirSync(directory))("says what the transcript says: %s", async (name) => {
  const file = new URL(name, directory);
  await expect(replay(readFileSync(file, "utf8"))).toMatchFileSnapshot(file.pathname);
});
