import type { IncomingCall, ServedProgram } from "@brickshift/rpc";
import {
  decodeFopRequest,
  encodeFopReply,
  Errno,
  failedReply,
  FOP_COMPOUND,
  FOP_NULL,
  fopByNumber,
  type FopName,
  type FopRequest,
  fops,
  programs,
  WireError,
} from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { FopCall } from "../fops/fop-call.js";
import { failureOf } from "../fops/fop-failure.js";
import type { FopSpec } from "../fops/fop-spec.js";
import { type FopTable, fopTable } from "../fops/fop-table.js";
import { FopTask } from "../fops/fop-task.js";
import type { BrickClient } from "./brick-client.js";
import type { BrickLog } from "./brick-event.js";
import { callerOf } from "./caller.js";

/** A brick and the client that a connection speaks for. */
export interface FopHost {
  readonly brick: Brick;
  readonly client: BrickClient;
}

/** What gives back, or needs no store: to refuse it while the brick is down would leave locks and fds behind. */
const servedWhileDown: ReadonlySet<FopName> = new Set([
  "entrylk",
  "fentrylk",
  "finodelk",
  "flush",
  "inodelk",
  "lease",
  "lk",
  "release",
  "releasedir",
]);

/**
 * The fops. Before a SETVOLUME, and for bodies that do not decode, the call is refused as garbage.
 * Source: measured (`rpc-errors`).
 */
export function fopProgram(host: () => FopHost | undefined, log: BrickLog): ServedProgram {
  const numbers = Object.values(fops).map(({ number }) => number);
  return {
    ...programs.fop,
    procedures: new Set([FOP_NULL, FOP_COMPOUND, ...numbers]),
    handle(call) {
      const bound = host();
      if (bound === undefined) return call.refuse("garbageArguments");
      if (call.procedure === FOP_NULL) return void call.reply([]);
      const name = fopByNumber(call.procedure);
      if (name === undefined) return call.refuse("garbageArguments");
      return serve(name, fopTable, call, bound, log);
    },
  };
}

function serve<N extends FopName>(
  name: N,
  table: Pick<FopTable, N>,
  call: IncomingCall,
  { brick, client }: FopHost,
  log: BrickLog,
): void {
  const { address } = call.peer;
  let request: FopRequest<N>;
  try {
    request = decodeFopRequest(name, call.body);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    log({ type: "garbage", address, procedure: name, reason: error.message });
    return call.refuse("garbageArguments");
  }
  const spec: FopSpec<N> = table[name];
  if (!brick.isUp && !servedWhileDown.has(name)) {
    return void call.reply(encodeFopReply(name, failedReply(name, Errno.ENOTCONN)));
  }
  let fop: FopCall;
  try {
    fop = new FopCall(brick, client, name, callerOf(call.auth), request.xdata);
  } catch (error) {
    const { errno, xdata } = failureOf(error);
    return void call.reply(encodeFopReply(name, failedReply(name, errno, xdata)));
  }
  new FopTask(fop, call, spec, request).start();
  return undefined;
}
