export type PingEvent =
  /** A call was sent, or any other record; told apart because only calls start a ping. */
  | { readonly type: "call" | "sent" | "received" | "pong" }
  /** `outstanding`: calls not answered yet, pings left out. */
  | { readonly type: "tick"; readonly outstanding: number };

/** `ping`: send one. `dead`: the peer is taken for gone, drop the connection. */
export type PingEffect = "ping" | "dead";

type PingState =
  | { readonly phase: "idle" }
  | { readonly phase: "asked"; readonly deadlineMs: number; readonly wasExtended: boolean }
  | { readonly phase: "answered"; readonly deadlineMs: number };

const NOTHING: readonly PingEffect[] = [];

/**
 * Tells a silent peer from an idle one: `idle → asked → answered → asked …`, and back to idle when a
 * period ends without calls. At most one ping per period is sent, and none on an idle connection.
 *
 * A peer from which something came within the last period is alive, pong or not. Stock clients take
 * what they sent for a sign of life as well, for ever; here that buys one more period, since a caller
 * that goes on sending would otherwise never learn that nobody listens.
 *
 * Source: GlusterFS `rpc/rpc-lib/src/rpc-clnt-ping.c`.
 */
export class PingWatch {
  readonly #timeoutMs: number;
  #state: PingState = { phase: "idle" };
  #sentAtMs = -Infinity;
  #receivedAtMs = -Infinity;

  /** @param timeoutMs length of a period, in ms; `0` never pings. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Instant, in ms, at which a `tick` is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    return this.#state.phase === "idle" ? undefined : this.#state.deadlineMs;
  }

  /** Advances by one event at `nowMs`. */
  step(event: PingEvent, nowMs: number): readonly PingEffect[] {
    switch (event.type) {
      case "call":
        this.#sentAtMs = nowMs;
        return this.#timeoutMs > 0 && this.#state.phase === "idle" ? this.#ask(nowMs) : NOTHING;
      case "sent":
        this.#sentAtMs = nowMs;
        return NOTHING;
      case "received":
        this.#receivedAtMs = nowMs;
        return NOTHING;
      case "pong":
        this.#receivedAtMs = nowMs;
        if (this.#state.phase === "asked")
          this.#state = { phase: "answered", deadlineMs: nowMs + this.#timeoutMs };
        return NOTHING;
      case "tick":
        return this.#tick(event.outstanding, nowMs);
    }
  }

  #tick(outstanding: number, nowMs: number): readonly PingEffect[] {
    const state = this.#state;
    if (state.phase === "idle" || nowMs < state.deadlineMs) return NOTHING;
    if (state.phase === "answered") {
      if (outstanding > 0) return this.#ask(nowMs);
      this.#state = { phase: "idle" };
      return NOTHING;
    }
    const sinceMs = nowMs - this.#timeoutMs;
    const isHeard = this.#receivedAtMs > sinceMs;
    if (!isHeard && (state.wasExtended || this.#sentAtMs <= sinceMs)) return ["dead"];
    this.#state = { phase: "asked", deadlineMs: nowMs + this.#timeoutMs, wasExtended: !isHeard };
    return NOTHING;
  }

  #ask(nowMs: number): readonly PingEffect[] {
    this.#sentAtMs = nowMs;
    this.#state = { phase: "asked", deadlineMs: nowMs + this.#timeoutMs, wasExtended: false };
    return ["ping"];
  }
}
