import { bench, describe } from "vitest";
import {
  decodeFopReply,
  decodeFopRequest,
  decodeMessage,
  encodeCall,
  encodeFopReply,
  encodeFopRequest,
  encodeReply,
  type FopName,
  type FopReply,
  type FopRequest,
  fops,
} from "../src/index.js";
import * as samples from "./samples.js";

function benchCall<N extends FopName>(label: string, name: N, request: FopRequest<N>): void {
  const header = samples.callHeader(fops[name].number);
  const encode = () => encodeCall(header, encodeFopRequest(name, request));
  const record = joined(encode());
  describe(`${label} call`, () => {
    bench("encode", () => void encode());
    bench("decode", () => void decodeFopRequest(name, decodeMessage(record).body));
  });
}

function benchReply<N extends FopName>(label: string, name: N, reply: FopReply<N>): void {
  const encode = () => encodeReply(samples.replyHeader, encodeFopReply(name, reply));
  const record = joined(encode());
  describe(`${label} reply`, () => {
    bench("encode", () => void encode());
    bench("decode", () => void decodeFopReply(name, decodeMessage(record).body));
  });
}

/** As a transport hands a record on: all chunks in one piece. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const record = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    record.set(chunk, at);
    at += chunk.length;
  }
  return record;
}

benchCall("READ", "read", samples.readRequest);
benchReply("READ 128 KiB", "read", samples.readReply);
benchCall("WRITE 128 KiB", "write", samples.writeRequest);
benchCall("LOOKUP", "lookup", samples.lookupRequest);
benchReply("LOOKUP", "lookup", samples.lookupReply);
benchCall("LEASE", "lease", samples.leaseRequest);
benchReply("LEASE", "lease", samples.leaseReply);
