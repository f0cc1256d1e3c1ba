import type { Random, RpcEvent, RpcStats, Scheduler } from "@brickshift/rpc";
import type { Transport } from "@brickshift/transport";
import type { FopName } from "@brickshift/wire";
import type { Capabilities } from "./capabilities.js";
import type { ClientEvent, RecallEvent } from "./client-event.js";
import type { FopInput, FopMethods, FopOptions, FopResult } from "./fop-call.js";
import type { HeldLease } from "./lease-table.js";
import type { BrickClientOptionsInput } from "./options.js";

/** What a brick client is made of. */
export interface BrickClientInit {
  readonly transport: Transport;
  /** Where the brick listens, in the transport's notation. */
  readonly address: string;
  /** Name of the brick, the `remote-subvolume` of a volfile. */
  readonly brick: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly options?: BrickClientOptionsInput;
  /** Hears of what the RPC layer noticed; for logs. Must not throw. */
  readonly onRpcEvent?: (event: RpcEvent) => void;
}

/** A client of one brick. */
export interface BrickClient {
  /** Name of the brick, and where it is reached. */
  readonly brick: string;
  readonly address: string;
  /** Counts the connections; 0 before the first. Fds, locks and leases belong to one. */
  readonly session: number;
  readonly isUp: boolean;
  /** What the brick said about itself, last. `undefined` before the first connection. */
  readonly capabilities: Capabilities | undefined;

  /**
   * Connects, and stays connected from then on. Rejects with `ClientError` (`CLIENT_NOT_A_BRICK`,
   * `CLIENT_AUTH_REFUSED`, `CLIENT_BRICK_UNKNOWN`, `CLIENT_BRICK_NOT_READY`, `CLIENT_VOLUME_CHANGED`,
   * `CLIENT_HANDSHAKE_REFUSED`, `CLIENT_REPLY_INVALID`), `RpcError`, or `TransportError`; it may be called again then.
   */
  connect(signal?: AbortSignal): Promise<void>;

  /**
   * Makes a fop. It is sent once, never again by itself.
   *
   * Rejects with `FopError` when the brick answered so; with `RpcError` when there is no answer, its `executed` telling
   * whether the brick may have carried it out; with `ClientError` `CLIENT_STALE_FD`, `CLIENT_FD_LIMIT`,
   * `CLIENT_LEASE_LIMIT` (not sent) or `CLIENT_REPLY_INVALID`; with `WireError` when `input` does not encode (not sent).
   */
  call<N extends FopName>(name: N, input: FopInput<N>, options?: FopOptions): Promise<FopResult<N>>;
  /** The same, a method for each fop: `client.fops.read({ gfid, fd, offset, size })`. */
  readonly fops: FopMethods;

  /** Recalls, from now on, for one reader. See {@link events}. */
  recalls(): AsyncIterableIterator<RecallEvent, undefined>;
  /**
   * Everything that happens, from now on, for one reader: ends when the client is closed or the reader stops,
   * rejects with `ClientError` `CLIENT_EVENTS_LOST` when it falls more than `eventsMax` behind.
   */
  events(): AsyncIterableIterator<ClientEvent, undefined>;
  /** Calls `listener` with each recall, sooner than {@link recalls} could. It must not throw. Returns its removal. */
  onRecall(listener: (recall: RecallEvent) => void): () => void;

  /** What is open and held, as the client knows. */
  openFds(): number;
  leases(): readonly HeldLease[];
  stats(): RpcStats | undefined;
  /** Drops the connection as if it had broken, and connects again; for a caller that does not trust it any more. */
  drop(): void;
  /** Ends the connection in order and makes no more; iterables end. Fops fail with `RPC_CLOSED`. Harmless when repeated. */
  close(): Promise<void>;
}
