import type { Connection } from "@brickshift/transport";
import {
  createRpcPeer,
  type IncomingCall,
  type RpcPeer,
  type Scheduler,
  type ServedProgram,
  withDump,
} from "@brickshift/rpc";
import {
  type CallbackName,
  type CallbackRequest,
  callbacks,
  type Codec,
  decodeBody,
  decodeFopRequest,
  encodeBody,
  encodeFopReply,
  fopByNumber,
  type FopName,
  type FopReply,
  type FopRequest,
  fops,
  handshake,
  type OldDict,
  oldDictOf,
  oldDictText,
  programs,
} from "@brickshift/wire";

/** What a test answers to a fop; nothing leaves it unanswered. */
export type Handlers = {
  readonly [N in FopName]?: (request: FopRequest<N>, call: IncomingCall) => FopReply<N> | undefined;
};

/** How a fake brick behaves; tests change it as they go. */
export interface FakeBrick {
  readonly handlers: { -readonly [N in FopName]?: NonNullable<Handlers[N]> };
  setvolume: (dict: OldDict | null) => { opRet: number; opErrno: number; dict: OldDict | null };
  /** The programs it lists; empty for one that knows no DUMP. */
  programs: (fop: ServedProgram, handshake: ServedProgram) => readonly ServedProgram[];
  /** `process-uuid` of each SETVOLUME. */
  readonly clients: string[];
  readonly peers: RpcPeer[];
  callBack<N extends CallbackName>(name: N, request: CallbackRequest<N>): Promise<void>;
}

/** A fop's reply that says nothing but success. */
export function success<N extends FopName>(name: N, more: Partial<FopReply<N>> = {}): FopReply<N> {
  return { ...fops[name].reply.zero, ...more } as FopReply<N>;
}

const okDict = oldDictOf({
  ERROR: "Success",
  "process-uuid": "brick-process",
  "volume-id": "11111111-2222-3333-4444-555555555555",
  "brickshift.version": "1",
  "brickshift.brick-id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
  "brickshift.subvolume": "demo-client-0",
});

/** A peer at the edge of the protocol: real records, real codecs, and answers that the test gives. */
export function fakeBrick(): {
  brick: FakeBrick;
  accept: (connection: Connection, scheduler: Scheduler) => void;
} {
  const brick: FakeBrick = {
    handlers: {},
    setvolume: () => ({ opRet: 0, opErrno: 22, dict: okDict }),
    programs: (fop, shake) => withDump([fop, shake]),
    clients: [],
    peers: [],
    async callBack(name, request) {
      const codec = callbacks[name].request as Codec<unknown>;
      const { number: program, version } = programs.callback;
      const body = encodeBody(codec, request);
      await brick.peers.at(-1)?.notify({ program, version, procedure: callbacks[name].number, body });
    },
  };
  const shake: ServedProgram = {
    ...programs.handshake,
    procedures: new Set([1]),
    handle(call) {
      const { dict } = decodeBody(handshake.setvolume.request, call.body);
      brick.clients.push(oldDictText(dict, "process-uuid") ?? "");
      void call.reply(encodeBody(handshake.setvolume.reply, brick.setvolume(dict)));
    },
  };
  const fop: ServedProgram = {
    ...programs.fop,
    procedures: new Set(Object.values(fops).map(({ number }) => number)),
    handle: (call) => answer(brick, call),
  };
  const accept = (connection: Connection, scheduler: Scheduler) => {
    brick.peers.push(createRpcPeer({ connection, scheduler, programs: brick.programs(fop, shake) }));
  };
  return { brick, accept };
}

function answer(brick: FakeBrick, call: IncomingCall): void {
  const name = fopByNumber(call.procedure) as FopName;
  const handler = brick.handlers[name] as ((request: unknown, call: IncomingCall) => unknown) | undefined;
  if (handler === undefined) {
    call.refuse("procedureUnavailable");
    return;
  }
  const reply = handler(decodeFopRequest(name, call.body), call);
  if (reply !== undefined) void call.reply(encodeFopReply(name, reply as never));
}
