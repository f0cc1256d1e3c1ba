import type { ConnectionLimitsInput, Transport } from "@brickshift/transport";

/** What a transport hands to the suite; made anew for every test. */
export interface TransportUnderTest {
  /** A transport with these limits. All that are made of one setup reach each other. */
  createTransport(limits: ConnectionLimitsInput): Transport;
  /** An address to listen on: nobody's, different each time, or one that stands for any free one. */
  listenAddress(): string;
  /** A well-formed address where nobody listens. */
  deadAddress(): string;
  /** Addresses that `connect` and `listen` refuse with `TRANSPORT_ADDRESS`. */
  readonly malformedAddresses: readonly string[];
  /** Connects to a listener without the transport; where a transport has no bytes it is left out. */
  rawConnect?(address: string): Promise<RawPeer>;
}

/** A peer that writes what it likes. */
export interface RawPeer {
  /** Resolves when the bytes are on their way. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends its direction in order. */
  end(): void;
  /** Vanishes. */
  destroy(): void;
}

/** What a transport can do; what it cannot do it declares here and in its README. */
export interface TransportSupports {
  /** An abort reaches the peer as `TRANSPORT_LOST`; otherwise it may look like an orderly end. */
  readonly abortNotice: boolean;
  /** There are bytes below the records, and `rawConnect` writes them. */
  readonly rawBytes: boolean;
  /** `Connection.recycle` exists. */
  readonly recycle: boolean;
}

/** The argument of the suite. */
export interface TransportComplianceOptions {
  /** Called before every test. */
  setup(): TransportUnderTest | Promise<TransportUnderTest>;
  /** Called after every test, when its connections and listeners are closed. */
  teardown(): void | Promise<void>;
  readonly supports: TransportSupports;
}
