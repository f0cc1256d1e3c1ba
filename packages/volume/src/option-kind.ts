/** What the value of an option may be. */
export type OptionKind =
  | { readonly type: "boolean" }
  /** A whole number; of seconds, threads or pages, as the option says. */
  | { readonly type: "integer"; readonly min: number; readonly max: number }
  /** Bytes, with `KB`, `MB` or `GB` behind if need be. */
  | { readonly type: "size"; readonly minBytes: number; readonly maxBytes: number }
  | { readonly type: "choice"; readonly values: readonly string[] }
  /** Bytes, or a percentage. */
  | { readonly type: "share" }
  /** Texts between commas. */
  | { readonly type: "list" };

const truths: ReadonlyMap<string, boolean> = new Map([
  ...["on", "yes", "true", "enable", "1"].map((text) => [text, true] as const),
  ...["off", "no", "false", "disable", "0"].map((text) => [text, false] as const),
]);

/** A boolean as Gluster writes it; `undefined` for another text. */
export function readBoolean(text: string): boolean | undefined {
  return truths.get(text.toLowerCase());
}

/** Bytes of a text such as `64MB`; `undefined` for another text. */
export function readSize(text: string): number | undefined {
  const match = /^(\d{1,15})(?:([KMGT])B?|B)?$/i.exec(text);
  if (match === null) return undefined;
  const power = " KMGT".indexOf((match[2] ?? " ").toUpperCase());
  return Number(match[1]) * 1_024 ** power;
}

/** Whether `text` is a value of this kind. */
export function isOptionValue(kind: OptionKind, text: string): boolean {
  switch (kind.type) {
    case "boolean":
      return readBoolean(text) !== undefined;
    case "integer":
      return /^\d{1,10}$/.test(text) && Number(text) >= kind.min && Number(text) <= kind.max;
    case "size": {
      const bytes = readSize(text);
      return bytes !== undefined && bytes >= kind.minBytes && bytes <= kind.maxBytes;
    }
    case "choice":
      return kind.values.includes(text);
    case "share":
      return /^(100|\d{1,2})(\.\d{1,3})?%?$/.test(text) || readSize(text) !== undefined;
    case "list":
      return text.length <= 4_096 && text.split(",").every((part) => /^[^\s,]+$/.test(part));
  }
}

/** What may be written, for messages. */
export function describeKind(kind: OptionKind): string {
  switch (kind.type) {
    case "boolean":
      return "on or off";
    case "integer":
      return `a whole number from ${kind.min} to ${kind.max}`;
    case "size":
      return `bytes from ${kind.minBytes} to ${kind.maxBytes}, such as 512KB or 64MB`;
    case "choice":
      return `one of ${kind.values.join(", ")}`;
    case "share":
      return "a percentage or bytes, such as 10% or 1GB";
    case "list":
      return "texts with commas between them";
  }
}
