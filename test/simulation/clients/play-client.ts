import type { ClientKind } from "../scenario.js";
import {
  annotator,
  dualWriter,
  hammer,
  oblivious,
  reader,
  repeater,
  truncater,
  writer,
} from "./data-clients.js";
import type { FileClient } from "./file-client.js";
import { halfUnlinker, looker, renamer, unlinker } from "./name-clients.js";
import { silentHolder } from "./silent-holder.js";
import { thief } from "./thief.js";

const plays: { readonly [K in ClientKind]: (client: FileClient) => Promise<void> } = {
  writer,
  hammer,
  reader,
  truncater,
  "dual-writer": dualWriter,
  oblivious,
  repeater,
  renamer,
  unlinker,
  "half-unlinker": halfUnlinker,
  looker,
  "silent-holder": silentHolder,
  thief,
  annotator,
};

/** Connects a client, lets it do what its kind does, and ends it. */
export async function playClient(client: FileClient): Promise<void> {
  const { plan } = client.world;
  const bricks = client.world.bricks.filter((brick) => brick !== undefined);
  await Promise.all(bricks.map((brick) => brick.connect()));
  await plays[plan.kind](client);
  await Promise.all(bricks.map((brick) => brick.close()));
}
