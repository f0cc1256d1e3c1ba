import { nameByteLength } from "@brickshift/wire";
import { type Volfile, VOLFILE_BYTES_MAX, type VolfileSection } from "./volfile.js";
import { VolumeError } from "./volume-error.js";

/**
 * The text of a volfile, in the form of glusterd.
 * @throws {@link VolumeError} `VOLFILE_VALUE` for a text that cannot be written: with a control character or a backquote, which
 *   a stock client would execute; `VOLFILE_TOO_LONG`.
 * Source: measured, vector `hndsk-getspec`.
 */
export function formatVolfile(volfile: Volfile): string {
  const text = volfile.map(formatSection).join("\n");
  if (nameByteLength(text) > VOLFILE_BYTES_MAX) {
    throw new VolumeError("VOLFILE_TOO_LONG", `a volfile has at most ${VOLFILE_BYTES_MAX} bytes`);
  }
  return text;
}

function formatSection({ name, type, options, subvolumes }: VolfileSection): string {
  const lines = [`volume ${word(name)}`, `    type ${word(type)}`];
  for (const [key, value] of options) lines.push(`    option ${word(key)} ${word(value)}`);
  if (subvolumes.length > 0) lines.push(`    subvolumes ${subvolumes.map(word).join(" ")}`);
  return `${lines.join("\n")}\nend-volume\n`;
}

/** Whether a text can stand in a volfile, in quotes if need be. */
export function isVolfileText(text: string): boolean {
  return !text.includes("`") && !/\p{Cc}/u.test(text);
}

const plain = /^[^\s"#\\][^\s"\\]*$/;
const keyword = /^(volume|type|option|subvolumes?|end-volume)$/i;

function word(text: string): string {
  if (!isVolfileText(text)) {
    throw new VolumeError("VOLFILE_VALUE", `${JSON.stringify(text)} cannot be written to a volfile`);
  }
  if (plain.test(text) && !keyword.test(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
