import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decodeRecordMark } from "@brickshift/wire";

const directory = fileURLToPath(new URL("sessions/", import.meta.url));

/** The recorded sessions by name: the records that a client sent, without their marks. */
export function readSessions(): ReadonlyMap<string, readonly Uint8Array[]> {
  const names = readdirSync(directory).filter((name) => name.endsWith(".bin"));
  return new Map(names.map((name) => [name, recordsOf(new Uint8Array(readFileSync(directory + name)))]));
}

function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const { fragmentBytes } = decodeRecordMark(bytes, at);
    records.push(bytes.subarray(at + 4, at + 4 + fragmentBytes));
    at += 4 + fragmentBytes;
  }
  return records;
}
