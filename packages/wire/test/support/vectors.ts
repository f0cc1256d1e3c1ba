import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One recorded message, as its file has it; integers are bigint throughout. */
export interface Vector {
  readonly name: string;
  readonly direction: "call" | "reply" | "callback";
  readonly origin: string;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly hex: string;
  readonly record: Uint8Array;
  readonly rpc: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

interface VectorFileEntry extends Omit<Vector, "rpc" | "body" | "program" | "version" | "procedure"> {
  readonly program: bigint;
  readonly version: bigint;
  readonly procedure: bigint;
  readonly decoded: { readonly rpc: Readonly<Record<string, unknown>>; readonly body: unknown };
}

const directory = fileURLToPath(new URL("../vectors/", import.meta.url));

/** Every recorded message. */
export const vectors: readonly Vector[] = readdirSync(directory)
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => parse(readFileSync(directory + file, "utf8")) as VectorFileEntry[])
  .map(({ decoded, ...entry }) => ({
    ...entry,
    program: Number(entry.program),
    version: Number(entry.version),
    procedure: Number(entry.procedure),
    record: fromHex(entry.hex),
    rpc: decoded.rpc,
    body: decoded.body,
  }));

/** The vector called `name`. */
export function vector(name: string): Vector {
  const found = vectors.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no vector ${name}`);
  return found;
}

/** Bytes from hex digits. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Hex digits of bytes, given in chunks. */
export function toHex(...chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("hex");
}

/** JSON.parse would round integers beyond 2^53, and the inode numbers are all beyond it. */
function parse(text: string): unknown {
  const marked = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+/g, (token) =>
    token.startsWith('"') ? token : `"bigint ${token}"`,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith("bigint ") ? BigInt(value.slice(7)) : value,
  );
}
