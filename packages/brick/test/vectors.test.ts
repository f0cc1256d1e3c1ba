import { readdirSync, readFileSync } from "node:fs";
import { isRpcError } from "@brickshift/rpc";
import {
  type Auth,
  decodeFopReply,
  decodeFopRequest,
  decodeMessage,
  encodeFopReply,
  fopByNumber,
  type FopName,
  type Gfid,
  NULL_GFID,
  programs,
  ROOT_GFID,
} from "@brickshift/wire";
import { expect, it } from "vitest";
import { creation, startBrick, type TestClient } from "./test-brick.js";

interface Vector {
  readonly name: string;
  readonly direction: "call" | "reply" | "callback";
  readonly procedure: number;
  readonly hex: string;
}

/** Calls that real clients made, as the wire package keeps them. */
const folder = new URL("../../wire/test/vectors/", import.meta.url);
const calls = readdirSync(folder)
  .filter((file) => file.startsWith("fop-") && file.endsWith(".json"))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Vector[])
  .filter(({ direction }) => direction === "call");

const onDirectories = new Set<FopName>([
  "opendir",
  "readdir",
  "readdirp",
  "fsyncdir",
  "releasedir",
  "entrylk",
  "fentrylk",
]);

/** Makes what a recorded call names, as far as that can be told from it. */
async function prepare(client: TestClient, name: FopName, body: Uint8Array): Promise<void> {
  const request = decodeFopRequest(name, body) as {
    gfid?: Gfid;
    pargfid?: Gfid;
    oldgfid?: Gfid;
    newgfid?: Gfid;
    fd?: bigint;
    bname?: string;
  };
  const directories = [request.pargfid, request.newgfid, name === "rename" ? request.oldgfid : undefined];
  for (const gfid of directories) await make(client, gfid, "mkdir");
  for (const gfid of [request.gfid, name === "link" ? request.oldgfid : undefined]) {
    await make(client, gfid, onDirectories.has(name) ? "mkdir" : "mknod");
  }
  const { gfid, fd } = request;
  if (gfid === undefined || fd === undefined || fd < 0n || fd > 32n) return;
  for (let number = 0n; number <= fd; number += 1n) {
    if (onDirectories.has(name)) await client.call("opendir", { gfid, xdata: null });
    else await client.call("open", { gfid, flags: 2, xdata: null });
  }
}

async function make(client: TestClient, gfid: Gfid | undefined, fop: "mkdir" | "mknod"): Promise<void> {
  if (gfid === undefined || gfid === NULL_GFID || gfid === ROOT_GFID) return;
  const request = { pargfid: ROOT_GFID, mode: 0o755, umask: 0, bname: gfid, xdata: creation(gfid) };
  if (fop === "mkdir") await client.call("mkdir", request);
  else await client.call("mknod", { ...request, dev: 0n });
}

it("knows the recorded calls", () => {
  expect(calls.length).toBeGreaterThan(100);
});

it.each(calls.map((call) => [call.name, call] as const))(
  "answers %s with a reply of the right shape, on an empty brick and on one that has what it names",
  async (_name, { procedure, hex }) => {
    const message = decodeMessage(new Uint8Array(Buffer.from(hex, "hex")));
    if (message.kind !== "call") throw new Error("a call is no call");
    const { header, body } = message;
    const name = fopByNumber(procedure);
    const expected = name !== undefined && decodes(name, body) ? "well-formed" : "no fop";
    for (const isPrepared of [false, true]) {
      const { client } = await startBrick();
      const one = await client();
      if (isPrepared && name !== undefined && expected === "well-formed") await prepare(one, name, body);
      expect(await outcomeOf(one, procedure, header.auth, body)).toBe(expected);
    }
  },
);

/** Sends a call and says what the answer is: a whole reply of the fop's shape, or that it is none. */
async function outcomeOf(
  client: TestClient,
  procedure: number,
  auth: Auth,
  body: Uint8Array,
): Promise<string> {
  const name = fopByNumber(procedure);
  const { number: program, version } = programs.fop;
  try {
    const answer = await client.peer.call({ program, version, procedure, auth, body: [body] });
    if (name === undefined) return answer.body.length === 0 ? "no fop" : "bytes that nobody asked for";
    const reply = decodeFopReply(name, answer.body);
    const isSame = Buffer.concat(encodeFopReply(name, reply)).equals(answer.body);
    const hasReason = reply.opRet >= 0 || reply.opErrno > 0;
    return isSame && hasReason ? "well-formed" : `wrong: ${JSON.stringify([isSame, reply.opRet])}`;
  } catch (error) {
    if (isRpcError(error) && error.code === "RPC_REJECTED") return "no fop";
    throw error;
  }
}

function decodes(name: FopName, body: Uint8Array): boolean {
  try {
    decodeFopRequest(name, body);
    return true;
  } catch {
    return false;
  }
}
