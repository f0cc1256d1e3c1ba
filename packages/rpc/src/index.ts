/**
 * Calls and replies over a connection: windows, deadlines, ping, one-way callbacks, program dispatch,
 * reconnect. Knows nothing of fops.
 *
 * {@link createRpcPeer} makes and serves calls on one connection; {@link createRpcClient} keeps one
 * up. Underneath, {@link CallTable}, {@link PingWatch}, {@link ServeWindow} and {@link Reconnect} decide, without
 * I/O or a clock.
 *
 * @packageDocumentation
 */
export { createRpcPeer, type RpcPeer, type RpcPeerInit } from "./rpc-peer-driver.js";
export { createRpcClient } from "./rpc-client-driver.js";
export type { RpcClient, RpcClientInit, Elsewhere } from "./rpc-client.js";
export type { CallOptions, CallRequest } from "./call-request.js";
export { RpcReply } from "./rpc-reply.js";
export type { CallHandler, CallRefusal, IncomingCall, ServedProgram } from "./program.js";
export { withDump } from "./dump-program.js";
export { type Executed, isRpcError, type Refusal, RpcError, type RpcErrorCode } from "./rpc-error.js";
export type { RpcEvent, RpcStats } from "./rpc-event.js";
export {
  callLimits,
  type CallLimits,
  reconnectOptions,
  type ReconnectOptions,
  rpcClientOptions,
  type RpcClientOptions,
  type RpcClientOptionsInput,
  rpcPeerOptions,
  type RpcPeerOptions,
  type RpcPeerOptionsInput,
  serveLimits,
  type ServeLimits,
} from "./options.js";
export type { Random, Scheduler } from "./ports.js";
export { nodeScheduler } from "./node-scheduler.js";
export { nodeRandom } from "./node-random.js";
export {
  type CallEffect,
  type CallEvent,
  type CallFailure,
  type CallLane,
  CallTable,
  type StrayReply,
} from "./call-table.js";
export { type PingEffect, type PingEvent, PingWatch } from "./ping-watch.js";
export { type ServeEffect, type ServeEvent, ServeWindow } from "./serve-window.js";
export { Reconnect, type ReconnectEffect, type ReconnectEvent } from "./reconnect.js";
