import type { Connection } from "@brickshift/transport";
import { createMemoryTransport } from "@brickshift/transport-memory";
import { ManualScheduler } from "@brickshift/testkit";
import {
  createRpcPeer,
  type IncomingCall,
  type RpcEvent,
  type RpcPeerOptionsInput,
  type ServedProgram,
} from "../src/index.js";

/** A program of the tests. */
export const ECHO = { name: "echo", number: 4_711, version: 3 };
/** Procedures of {@link ECHO}: answers its arguments at once; is answered by the test; fails. */
export const Procedure = { echo: 1, hold: 2, fail: 3 } as const;

/** Both ends of a connection in this process. */
export async function connectionPair(): Promise<[Connection, Connection]> {
  const transport = createMemoryTransport();
  let far: Connection | undefined;
  await transport.listen("memory://pair", (connection) => {
    far = connection;
  });
  const near = await transport.connect("memory://pair");
  return [near, far as Connection];
}

/** The program {@link ECHO}; calls of `hold` are put in `held`. */
export function echoProgram(held: IncomingCall[], more: Partial<ServedProgram> = {}): ServedProgram {
  return {
    ...ECHO,
    procedures: new Set(Object.values(Procedure)),
    handle(call) {
      if (call.procedure === Procedure.hold) held.push(call);
      else if (call.procedure === Procedure.echo) void call.reply([call.body]);
      else throw new Error("the handler is broken");
    },
    ...more,
  };
}

/** A client and a server that serves {@link echoProgram}. */
export async function pair(
  options: { client?: RpcPeerOptionsInput; server?: RpcPeerOptionsInput; programs?: ServedProgram[] } = {},
) {
  const [near, far] = await connectionPair();
  const scheduler = new ManualScheduler();
  const held: IncomingCall[] = [];
  const events: RpcEvent[] = [];
  const client = createRpcPeer({
    connection: near,
    scheduler,
    options: { pingTimeoutMs: 0, ...options.client },
    onEvent: (event) => events.push(event),
  });
  const serverEvents: RpcEvent[] = [];
  const server = createRpcPeer({
    connection: far,
    scheduler,
    options: options.server ?? {},
    programs: options.programs ?? [echoProgram(held)],
    onEvent: (event) => serverEvents.push(event),
  });
  return { client, server, scheduler, held, events, serverEvents, near, far };
}

/** A call of {@link ECHO}. */
export function request(procedure: number, bytes: Uint8Array = new Uint8Array(0)) {
  return { program: ECHO.number, version: ECHO.version, procedure, body: [bytes] };
}

/** Lets everything run that is ready to, without any clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

/** What a promise did by now. */
export function watch<T>(promise: Promise<T>): { value?: T; error?: unknown; settled: number } {
  const seen: { value?: T; error?: unknown; settled: number } = { settled: 0 };
  promise.then(
    (value) => {
      seen.value = value;
      seen.settled += 1;
    },
    (error: unknown) => {
      seen.error = error;
      seen.settled += 1;
    },
  );
  return seen;
}
