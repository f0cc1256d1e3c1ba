/** Bytes of one change of a list: what, and where. */
const CHANGE_BYTES = 4;
const CHANGES_MAX = 8;

/** Applies a list of changes, four bytes each, to bytes that were right: a bit, a byte, a cut, zeros at the end, a line more or less. */
export function applyChanges(bytes: Uint8Array, changes: Uint8Array): Uint8Array {
  let spoilt = Buffer.from(bytes);
  const end = Math.min(changes.length - CHANGE_BYTES, (CHANGES_MAX - 1) * CHANGE_BYTES);
  for (let at = 0; at <= end; at += CHANGE_BYTES) {
    const [what = 0, high = 0, middle = 0, low = 0] = changes.subarray(at, at + CHANGE_BYTES);
    const place = ((high << 16) | (middle << 8) | low) % (spoilt.length + 1);
    const argument = what >> 3;
    switch (what & 7) {
      case 0:
      case 1:
        if (place < spoilt.length) spoilt[place] = (spoilt[place] ?? 0) ^ (1 << (argument & 7));
        break;
      case 2:
        if (place < spoilt.length) spoilt[place] = what;
        break;
      case 3:
        spoilt = spoilt.subarray(0, place);
        break;
      case 4:
        spoilt = Buffer.concat([spoilt, Buffer.alloc(argument * 16)]);
        break;
      case 5:
        spoilt = withLine(spoilt, place, argument > 15);
        break;
      default:
        spoilt.fill(argument, place, Math.min(spoilt.length, place + 512));
    }
  }
  return Uint8Array.from(spoilt);
}

/** A line is taken out, or put in twice. */
function withLine(bytes: Buffer, place: number, isOut: boolean): Buffer<ArrayBuffer> {
  const lines = bytes.toString("latin1").split("\n");
  const line = place % lines.length;
  lines.splice(line, isOut ? 1 : 0, ...(isOut ? [] : [lines[line] ?? ""]));
  return Buffer.from(lines.join("\n"), "latin1");
}
