import type { ClientUid } from "@brickshift/wire";

/** Begins what tells the connections of one process apart: the name of its translator, which is another for each brick. */
const CONNECTION_PART = "-PC_NAME:";

/**
 * The one among `clients` that is `uid`, or else the one of the same process: a process calls itself nearly the same on
 * every brick of a volume. `undefined` when there is none, or no telling which.
 * Source: measured (`hndsk-setvolume`).
 */
export function sameProcess(clients: Iterable<ClientUid>, uid: string): ClientUid | undefined {
  const at = uid.indexOf(CONNECTION_PART);
  const process = at < 0 ? undefined : uid.slice(0, at + CONNECTION_PART.length);
  const found: ClientUid[] = [];
  for (const client of clients) {
    if (client === uid) return client;
    if (process !== undefined && client.startsWith(process)) found.push(client);
  }
  return found.length === 1 ? found[0] : undefined;
}
