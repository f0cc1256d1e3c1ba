import { OpenFlags } from "@brickshift/wire";
import { Want } from "./permission.js";

/** The bit of open flags that stands for opening to execute. Source: fops of 10.3, `FMODE_EXEC`. */
const EXECUTE = 0x20;

/**
 * What an open with these flags needs. Whoever truncates or appends needs to write, whatever the access mode.
 * Source: measured on a 10.3 brick, access mode 3 included.
 */
export function wantedByOpen(flags: number): number {
  const mode = flags & OpenFlags.accessMask;
  if (mode === OpenFlags.rdwr) return Want.read | Want.write;
  if (mode === OpenFlags.wronly) return Want.write;
  const truncates = (flags & (OpenFlags.trunc | OpenFlags.append)) !== 0 ? Want.write : 0;
  return truncates | ((flags & EXECUTE) === 0 ? Want.read : Want.execute);
}
