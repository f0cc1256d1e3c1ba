import { handlerFailed, type Transport, TransportError } from "@brickshift/transport";
import { MemoryConnection } from "./memory-connection.js";
import { MemoryNetwork } from "./memory-network.js";
import { memoryTransportOptions, type MemoryTransportOptionsInput } from "./options.js";
import type { Defer } from "./ports.js";

/** What a memory transport is given from outside. */
export interface MemoryTransportPorts {
  /** The network to be on; a new one of its own by default. */
  readonly network?: MemoryNetwork;
  /** Runs a step later; a microtask by default. */
  readonly defer?: Defer;
}

/**
 * A transport within one process. Addresses are `memory://NAME`, a name being 1 to 255 letters, digits,
 * dots, hyphens and underscores.
 * @throws ZodError when `options` do not fit {@link memoryTransportOptions}.
 */
export function createMemoryTransport(
  options: MemoryTransportOptionsInput = {},
  ports: MemoryTransportPorts = {},
): Transport {
  const parsed = memoryTransportOptions.parse(options);
  const network = ports.network ?? new MemoryNetwork();
  const defer = ports.defer ?? ((run) => queueMicrotask(run));

  return {
    schemes: ["memory"],

    async connect(address, { signal } = {}) {
      const name = parseAddress(address);
      await beforeAbort(signal, defer);
      const acceptor = network.acceptorOf(name);
      if (acceptor === undefined)
        throw new TransportError("TRANSPORT_REFUSED", `nobody listens at ${address}`);
      const near = new MemoryConnection({ address }, parsed, defer);
      acceptor(near);
      return near;
    },

    async listen(address, onConnection) {
      let open = 0;
      const unbind = network.bind(parseAddress(address), (near) => {
        if (open >= parsed.connectionsMax) {
          throw new TransportError("TRANSPORT_REFUSED", `${open} connections are open, the limit`);
        }
        open += 1;
        const far = new MemoryConnection({ address: `memory://${network.nextClient()}` }, parsed, defer);
        void far.closed.then(() => {
          open -= 1;
        });
        MemoryConnection.join(near, far);
        try {
          onConnection(far);
        } catch (error) {
          far.abort(handlerFailed(error));
        }
      });
      return {
        address,
        close: async () => unbind(),
      };
    },
  };
}

function parseAddress(address: string): string {
  const name = /^memory:\/\/([\w.-]{1,255})$/.exec(address)?.[1];
  if (name === undefined) throw new TransportError("TRANSPORT_ADDRESS", `not memory://NAME: ${address}`);
  return name;
}

/** Waits one step, as long as `signal` does not end it. */
function beforeAbort(signal: AbortSignal | undefined, defer: Defer): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () =>
      reject(new TransportError("TRANSPORT_ABORTED", "the signal aborted it", { cause: signal?.reason }));
    if (signal?.aborted === true) return aborted();
    signal?.addEventListener("abort", aborted, { once: true });
    defer(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
  });
}
