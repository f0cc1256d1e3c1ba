import { type StallLook, StallWatch, TransportError } from "@brickshift/transport";
import type { SocketTransportOptions } from "./options.js";

/** Looks within the shorter of the two times. */
const LOOKS = 4;

/** How far both directions of a connection are. */
export interface PeerProgress {
  readonly receiving: StallLook;
  readonly sending: StallLook;
}

/**
 * Looks at a connection now and then, until it is told to stop, and calls `stalled` when its peer neither ends a record
 * that it began nor takes what it is sent. Returns what stops it.
 */
export function watchPeer(
  options: Pick<SocketTransportOptions, "recordTimeoutMs" | "sendTimeoutMs">,
  progress: () => PeerProgress,
  stalled: (error: TransportError) => void,
): () => void {
  const { recordTimeoutMs, sendTimeoutMs } = options;
  const receiving = new StallWatch(recordTimeoutMs);
  const sending = new StallWatch(sendTimeoutMs);
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      const seen = progress();
      if (receiving.look(seen.receiving, nowMs)) {
        stalled(new TransportError("TRANSPORT_STALLED", `a record took longer than ${recordTimeoutMs} ms`));
      } else if (sending.look(seen.sending, nowMs)) {
        stalled(new TransportError("TRANSPORT_STALLED", `the peer took nothing for ${sendTimeoutMs} ms`));
      }
    },
    Math.max(1, Math.min(recordTimeoutMs, sendTimeoutMs) / LOOKS),
  );
  // What keeps the process alive is the socket.
  timer.unref();
  return () => clearInterval(timer);
}
