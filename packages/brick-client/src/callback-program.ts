import type { IncomingCall, ServedProgram } from "@brickshift/rpc";
import {
  callbackByNumber,
  type CallbackName,
  type CallbackRequest,
  callbacks,
  type Codec,
  decodeBody,
  programs,
} from "@brickshift/wire";

/** A callback, decoded. */
export type DecodedCallback = {
  readonly [N in CallbackName]: { readonly name: N; readonly request: CallbackRequest<N> };
}[CallbackName];

/**
 * The program that a brick calls on its clients. Calls that are not known are ignored, as stock clients do; ones
 * that do not decode are reported by the RPC peer.
 */
export function callbackProgram(hear: (callback: DecodedCallback) => void): ServedProgram {
  const procedures = new Set(Object.values(callbacks).map((callback) => callback.number));
  return {
    ...programs.callback,
    procedures,
    isOneWay: true,
    handle(call: IncomingCall) {
      const name = callbackByNumber(call.procedure);
      if (name === undefined) return;
      const codec: Codec<unknown> = callbacks[name].request;
      hear({ name, request: decodeBody(codec, call.body) } as DecodedCallback);
      call.recycle();
    },
  };
}
