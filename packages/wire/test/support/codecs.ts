import {
  callbackByNumber,
  callbacks,
  type Codec,
  dump,
  fopByNumber,
  fops,
  handshake,
  portmap,
  type Procedure,
  programs,
} from "../../src/index.js";

interface Layout {
  readonly request: Codec<unknown>;
  readonly reply: Codec<unknown>;
}

const noReply: Codec<unknown> = {
  read() {
    throw new Error("nobody answers a callback");
  },
  write() {
    throw new Error("nobody answers a callback");
  },
  zero: undefined,
};

/** Layouts of a procedure, whatever its program; `undefined` when there is no such procedure. */
export function layoutOf(program: number, version: number, procedure: number): Layout | undefined {
  switch (program) {
    case programs.fop.number: {
      const name = version === programs.fop.version ? fopByNumber(procedure) : undefined;
      return name === undefined ? undefined : fops[name];
    }
    case programs.callback.number: {
      const name = callbackByNumber(procedure);
      return name && { request: callbacks[name].request, reply: noReply };
    }
    case programs.dump.number:
      return find(dump, procedure);
    case programs.handshake.number:
      return find(handshake, procedure);
    case programs.portmap.number:
      return find(portmap, procedure);
    default:
      return undefined;
  }
}

/** Every layout there is, each with a name for messages. */
export const everyCodec: readonly (readonly [name: string, codec: Codec<unknown>])[] = [
  ...[fops, dump, handshake, portmap]
    .flatMap((table) => Object.values<Layout & { name: string }>(table))
    .flatMap(({ name, request, reply }): [string, Codec<unknown>][] => [
      [`${name} request`, request],
      [`${name} reply`, reply],
    ]),
  ...Object.values<{ name: string; request: Codec<unknown> }>(callbacks).map(
    ({ name, request }): [string, Codec<unknown>] => [`${name} callback`, request],
  ),
];

function find(table: Readonly<Record<string, unknown>>, procedure: number): Layout | undefined {
  const procedures = Object.values(table) as Procedure<unknown, unknown>[];
  return procedures.find((candidate) => candidate.number === procedure);
}
