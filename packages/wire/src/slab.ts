/** Bytes of one slab: some hundred messages, and little to pin when one of them is kept. */
const slabBytes = 32_768;

let bytes = new Uint8Array(slabBytes);
let view = new DataView(bytes.buffer);
let top = 0;

/** A place to write to: zero from `start` to `end`, and nobody else's. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/**
 * Takes room for a message. Allocating a buffer for each costs more than writing it, so that small ones share
 * slabs, as Node's own buffers do. A slab is never used twice: what was given away stays as it is.
 */
export function takeRoom(length: number): Room {
  if (length > slabBytes / 4) {
    const own = new Uint8Array(length);
    return { bytes: own, view: new DataView(own.buffer), start: 0, end: length };
  }
  if (top + length > slabBytes) {
    bytes = new Uint8Array(slabBytes);
    view = new DataView(bytes.buffer);
    top = 0;
  }
  const start = top;
  top += length;
  return { bytes, view, start, end: top };
}

/** Gives back what lies behind `used`, if it was the last room taken; those bytes must still be zero. */
export function returnRoom(room: Room, used: number): void {
  if (room.bytes === bytes && room.end === top) top = used;
}
