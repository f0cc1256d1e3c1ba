import { expect, it } from "vitest";
import * as samples from "../bench/samples.js";
import {
  decodeFopReply,
  decodeFopRequest,
  decodeMessage,
  encodeCall,
  encodeFopReply,
  encodeFopRequest,
  encodeReply,
  fops,
} from "../src/index.js";
import { fromHex, toHex } from "./support/vectors.js";

it.each([
  ["read", samples.readRequest],
  ["write", samples.writeRequest],
  ["lookup", samples.lookupRequest],
  ["lease", samples.leaseRequest],
] as const)("what the benchmark calls %s with is a call of it", (name, request) => {
  const header = samples.callHeader(fops[name].number);
  const record = fromHex(toHex(...encodeCall(header, encodeFopRequest(name, request))));
  const message = decodeMessage(record);
  expect(message).toMatchObject({ kind: "call", header });
  expect(decodeFopRequest(name, message.body)).toEqual(request);
});

it.each([
  ["read", samples.readReply],
  ["lookup", samples.lookupReply],
  ["lease", samples.leaseReply],
] as const)("what the benchmark answers %s with is a reply of it", (name, reply) => {
  const record = fromHex(toHex(...encodeReply(samples.replyHeader, encodeFopReply(name, reply))));
  expect(decodeFopReply(name, decodeMessage(record).body)).toEqual(reply);
});
