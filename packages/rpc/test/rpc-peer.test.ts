import { createRpcPeer, isRpcError, type RpcError } from "../src/index.js";
import { encodeReply, programs, WireError } from "@brickshift/wire";
import { expect, it } from "vitest";
import { connectionPair, ECHO, echoProgram, pair, Procedure, request, settle, watch } from "./peers.js";

const bytes = (...values: number[]) => Uint8Array.from(values);
const failed = (code: string, executed: "no" | "maybe") =>
  expect.objectContaining({ tag: "RpcError", code, executed });

it("answers a call with the bytes of its handler", async () => {
  const { client } = await pair();
  const reply = await client.call(request(Procedure.echo, bytes(1, 2, 3)));
  expect([...reply.body]).toEqual([1, 2, 3]);
  reply.recycle();
});

it("matches replies that come in any order with their calls", async () => {
  const { client, held } = await pair();
  const calls = [1, 2, 3].map((value) => client.call(request(Procedure.hold, bytes(value))));
  await settle();
  for (const call of held.toReversed()) void call.reply([call.body]);
  expect((await Promise.all(calls)).map((reply) => reply.body[0])).toEqual([1, 2, 3]);
});
