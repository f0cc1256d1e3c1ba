import type { Socket } from "node:net";
import { TransportError } from "@brickshift/transport";
import { type Phase, translateError } from "./errors.js";

/** How long and how to wait for a connection. */
export interface ConnectingOptions {
  /** The event that says that the socket is ready. */
  readonly event: "connect" | "secureConnect";
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits until `socket` is connected, then makes what is to be with it in the same turn, so that none
 * of its events is missed. When that fails the socket is destroyed and the error translated.
 */
export function connecting<T>(socket: Socket, options: ConnectingOptions, make: () => T): Promise<T> {
  const { event, timeoutMs, signal } = options;
  let phase: Phase = "connect";
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket.removeListener("error", failed);
      socket.removeListener("close", closed);
      socket.removeListener(event, ready);
    };
    const fail = (error: TransportError) => {
      stop();
      // What the socket says on its way down concerns nobody any more.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const failed = (error: Error) => fail(translateError(error, phase));
    const closed = () => failed(new Error("the socket closed before it was ready"));
    const aborted = () =>
      fail(new TransportError("TRANSPORT_ABORTED", "the signal aborted it", { cause: signal?.reason }));
    const late = () => fail(new TransportError("TRANSPORT_UNREACHABLE", `no answer in ${timeoutMs} ms`));
    const ready = () => {
      stop();
      resolve(make());
    };
    const timer = setTimeout(late, timeoutMs);
    if (event === "secureConnect") {
      socket.once("connect", () => {
        phase = "handshake";
      });
    }
    socket.on("error", failed);
    socket.on("close", closed);
    socket.on(event, ready);
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted === true) aborted();
  });
}
