import { VolumeError } from "./volume-error.js";

/** A word of a volfile, and the line that it is on, counted from 1. */
export interface VolfileToken {
  readonly text: string;
  readonly line: number;
  /** Whether it was written in quotes: then it is no keyword. */
  readonly isQuoted: boolean;
}

const token = /[ \t\r\n\f\v]+|#[^\n]*|"((?:[^"\\\n]|\\[^\n])*)"|([^\s"`#][^\s"`]*)/y;

/**
 * The words of a volfile in order: separated by blanks, or in double quotes in which a backslash takes away the meaning of
 * what follows; `#` begins a comment.
 * @throws {@link VolumeError} `VOLFILE_COMMAND` for a backquote, which the stock parser would execute; `VOLFILE_SYNTAX`.
 */
export function* volfileTokens(text: string): Generator<VolfileToken, void> {
  let line = 1;
  for (let at = 0; at < text.length;) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw unreadable(text, at, line);
    const [whole, quoted, plain] = match;
    if (quoted !== undefined) yield { text: quoted.replace(/\\(.)/gs, "$1"), line, isQuoted: true };
    else if (plain !== undefined) yield { text: plain, line, isQuoted: false };
    for (const character of whole) if (character === "\n") line += 1;
    at += whole.length;
  }
}

function unreadable(text: string, at: number, line: number): VolumeError {
  if (text[at] === "`") {
    return new VolumeError(
      "VOLFILE_COMMAND",
      `line ${line}: a value in backquotes would be run as a command`,
    );
  }
  return new VolumeError("VOLFILE_SYNTAX", `line ${line}: a quoted text does not end on its line`);
}
