import { nameByteLength } from "@brickshift/wire";
import { type Volfile, VOLFILE_BYTES_MAX, VOLFILE_SECTIONS_MAX, type VolfileSection } from "./volfile.js";
import { type VolfileToken, volfileTokens } from "./volfile-tokens.js";
import { VolumeError } from "./volume-error.js";

/**
 * Reads the text of a volfile.
 * @throws {@link VolumeError} `VOLFILE_TOO_LONG`, `VOLFILE_COMMAND`, `VOLFILE_SYNTAX` (the message has the line),
 *   `VOLFILE_GRAPH` when a name is defined twice or a subvolume is not defined before.
 * Source: measured on the volfiles that glusterd 10.3 makes; keywords are read in any case, as its parser does.
 */
export function parseVolfile(text: string): Volfile {
  if (text.length > VOLFILE_BYTES_MAX || nameByteLength(text) > VOLFILE_BYTES_MAX) {
    throw new VolumeError("VOLFILE_TOO_LONG", `a volfile has at most ${VOLFILE_BYTES_MAX} bytes`);
  }
  const words = new Words(volfileTokens(text));
  const sections = new Map<string, VolfileSection>();
  while (!words.hasEnded) {
    const section = readSection(words, sections);
    if (sections.size >= VOLFILE_SECTIONS_MAX) {
      throw new VolumeError("VOLFILE_TOO_LONG", `a volfile has at most ${VOLFILE_SECTIONS_MAX} sections`);
    }
    sections.set(section.name, section);
  }
  if (sections.size === 0) throw new VolumeError("VOLFILE_SYNTAX", "a volfile has at least one section");
  return [...sections.values()];
}

function readSection(words: Words, known: ReadonlyMap<string, VolfileSection>): VolfileSection {
  words.keyword("volume");
  const { text: name, line } = words.word("the name of a volume");
  if (known.has(name)) throw graph(line, `"${name}" is defined twice`);
  words.keyword("type");
  const { text: type } = words.word("a type");
  const options = new Map<string, string>();
  const subvolumes: string[] = [];
  for (;;) {
    const { text: keyword, line: at, isQuoted } = words.word("end-volume");
    switch (isQuoted ? "" : keyword.toLowerCase()) {
      case "option": {
        const { text: key } = words.word("the name of an option");
        options.set(key, words.word(`a value of ${key}`).text);
        break;
      }
      case "subvolume":
      case "subvolumes":
        for (let below = words.next(true); below !== undefined; below = words.next(true)) {
          if (!known.has(below.text)) throw graph(below.line, `"${below.text}" is not defined before`);
          subvolumes.push(below.text);
        }
        break;
      case "end-volume":
        return { name, type, options, subvolumes };
      default:
        throw syntax(at, `"${keyword}" where option, subvolumes or end-volume is expected`);
    }
  }
}

/** The words of a text, with a look at the next one. */
class Words {
  readonly #tokens: Iterator<VolfileToken, void>;
  #ahead: VolfileToken | undefined;
  #line = 1;

  constructor(tokens: Iterator<VolfileToken, void>) {
    this.#tokens = tokens;
    this.#advance();
  }

  get hasEnded(): boolean {
    return this.#ahead === undefined;
  }

  /** The next word; with `butNoKeyword` only when it is not one that ends a list. */
  next(butNoKeyword = false): VolfileToken | undefined {
    const token = this.#ahead;
    if (token === undefined || (butNoKeyword && endsList(token))) return undefined;
    this.#advance();
    return token;
  }

  word(what: string): VolfileToken {
    const token = this.next();
    if (token === undefined) throw syntax(this.#line, `the text ends where ${what} is expected`);
    return token;
  }

  keyword(keyword: string): void {
    const { text, line, isQuoted } = this.word(keyword);
    if (isQuoted || text.toLowerCase() !== keyword)
      throw syntax(line, `"${text}" where ${keyword} is expected`);
  }

  #advance(): void {
    this.#line = this.#ahead?.line ?? this.#line;
    const next = this.#tokens.next();
    this.#ahead = next.done === true ? undefined : next.value;
  }
}

function endsList({ text, isQuoted }: VolfileToken): boolean {
  return !isQuoted && /^(option|subvolumes?|end-volume)$/i.test(text);
}

function syntax(line: number, message: string): VolumeError {
  return new VolumeError("VOLFILE_SYNTAX", `line ${line}: ${message}`);
}

function graph(line: number, message: string): VolumeError {
  return new VolumeError("VOLFILE_GRAPH", `line ${line}: ${message}`);
}
