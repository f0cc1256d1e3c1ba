import { TransportError } from "@brickshift/transport";
import type { MemoryConnection } from "./memory-connection.js";

/** Takes the far end of a new connection; throws a {@link TransportError} to refuse it. */
export type Acceptor = (connection: MemoryConnection) => void;

/**
 * Names and who listens there. Transports that share one reach each other; it lives as long as
 * somebody holds it, there is no other registry.
 */
export class MemoryNetwork {
  readonly #acceptors = new Map<string, Acceptor>();
  #clients = 0;

  /** Lets `acceptor` listen as `name`; returns what ends it. Throws `TRANSPORT_ADDRESS_IN_USE`. */
  bind(name: string, acceptor: Acceptor): () => void {
    if (this.#acceptors.has(name)) throw new TransportError("TRANSPORT_ADDRESS_IN_USE", `memory://${name}`);
    this.#acceptors.set(name, acceptor);
    return () => {
      if (this.#acceptors.get(name) === acceptor) this.#acceptors.delete(name);
    };
  }

  /** Who listens as `name`. */
  acceptorOf(name: string): Acceptor | undefined {
    return this.#acceptors.get(name);
  }

  /** A name for a connecting end, different each time. */
  nextClient(): string {
    this.#clients += 1;
    return `client-${this.#clients}`;
  }
}
