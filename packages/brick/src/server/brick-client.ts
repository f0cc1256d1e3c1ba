import type { CallbackName, CallbackRequest, ClientUid } from "@brickshift/wire";
import { FdTable } from "./fd-table.js";

/** A connection of a client, as far as the brick calls back on it. */
export interface ClientConnection {
  /** Sends a callback; it is lost when the connection is. */
  callback<N extends CallbackName>(name: N, request: CallbackRequest<N>): void;
}

/** One client of a brick: its process-uuid, and what it holds as long as a connection of it is there. */
export class BrickClient {
  readonly uid: ClientUid;
  readonly fds: FdTable;
  readonly connections = new Set<ClientConnection>();

  constructor(uid: ClientUid, fdsMax: number) {
    this.uid = uid;
    this.fds = new FdTable(fdsMax);
  }

  /** No connection is left: nothing may be opened or locked for it any more. */
  get isGone(): boolean {
    return this.connections.size === 0;
  }
}
