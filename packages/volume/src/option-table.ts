import type { OptionKind } from "./option-kind.js";

/** Translators of the client graph that an option can set something of. */
export type Translator =
  | "protocol/client"
  | "cluster/distribute"
  | "features/utime"
  | "performance/write-behind"
  | "performance/read-ahead"
  | "performance/readdir-ahead"
  | "performance/io-cache"
  | "performance/open-behind"
  | "performance/quick-read"
  | "performance/nl-cache"
  | "performance/md-cache"
  | "performance/io-threads"
  | "debug/io-stats";

/** One option of a volume. */
export interface OptionSpec {
  readonly kind: OptionKind;
  /** What holds when it is not set; absent when that is left to the translator. */
  readonly byDefault?: string;
  /** The translator that is in the graph when it is on. */
  readonly enables?: Translator;
  /** Options of translators that get its value. */
  readonly sets?: readonly (readonly [translator: Translator, option: string])[];
  /** It changes the bricks, not the graph. */
  readonly isOfBricks?: true;
}

const MIB = 1_048_576;
const GIB = 1_024 * MIB;
const boolean: OptionKind = { type: "boolean" };
const integer = (min: number, max: number): OptionKind => ({ type: "integer", min, max });
const size = (minBytes: number, maxBytes: number): OptionKind => ({ type: "size", minBytes, maxBytes });
const enables = (translator: Translator, byDefault: "on" | "off"): OptionSpec => ({
  kind: boolean,
  byDefault,
  enables: translator,
});
const sets = (translator: Translator, option: string, kind: OptionKind): OptionSpec => ({
  kind,
  sets: [[translator, option]],
});

/**
 * The options that a volume can be given, with the names of `gluster volume set`.
 * Source: measured, what glusterd 10.3 writes to the volfile of a client for each, and the ranges that it, or the translator,
 * refuses values outside of.
 */
export const volumeOptionTable = {
  "network.ping-timeout": { ...sets("protocol/client", "ping-timeout", integer(0, 1_013)), byDefault: "42" },
  "network.frame-timeout": sets("protocol/client", "frame-timeout", integer(0, 86_400)),
  "network.remote-dio": sets("protocol/client", "filter-O_DIRECT", boolean),
  "transport.address-family": sets("protocol/client", "transport.address-family", {
    type: "choice",
    values: ["inet", "inet6"],
  }),
  "client.strict-locks": { ...sets("protocol/client", "strict-locks", boolean), byDefault: "off" },
  "client.event-threads": sets("protocol/client", "event-threads", integer(1, 32)),
  "cluster.force-migration": {
    ...sets("cluster/distribute", "force-migration", boolean),
    byDefault: "off",
  },
  "cluster.lookup-optimize": sets("cluster/distribute", "lookup-optimize", boolean),
  "cluster.lookup-unhashed": sets("cluster/distribute", "lookup-unhashed", {
    type: "choice",
    values: ["auto", "yes", "no", "enable", "disable", "1", "0", "on", "off"],
  }),
  "cluster.readdir-optimize": sets("cluster/distribute", "readdir-optimize", boolean),
  "cluster.min-free-disk": sets("cluster/distribute", "min-free-disk", { type: "share" }),
  ctime: enables("features/utime", "on"),
  noatime: { ...sets("features/utime", "noatime", boolean), byDefault: "on" },
  "performance.write-behind": enables("performance/write-behind", "on"),
  "performance.write-behind-window-size": sets(
    "performance/write-behind",
    "cache-size",
    size(512 * 1_024, GIB),
  ),
  "performance.aggregate-size": sets("performance/write-behind", "aggregate-size", size(1_024, 4 * MIB)),
  "performance.flush-behind": sets("performance/write-behind", "flush-behind", boolean),
  "performance.strict-o-direct": sets("performance/write-behind", "strict-O_DIRECT", boolean),
  "performance.strict-write-ordering": sets("performance/write-behind", "strict-write-ordering", boolean),
  "performance.resync-failed-syncs-after-fsync": sets(
    "performance/write-behind",
    "resync-failed-syncs-after-fsync",
    boolean,
  ),
  "performance.read-ahead": enables("performance/read-ahead", "off"),
  "performance.read-ahead-page-count": sets("performance/read-ahead", "page-count", integer(1, 16)),
  "performance.readdir-ahead": enables("performance/readdir-ahead", "off"),
  "performance.rda-cache-limit": {
    ...sets("performance/readdir-ahead", "rda-cache-limit", size(0, 2 * GIB)),
    byDefault: "10MB",
  },
  "performance.rda-request-size": {
    ...sets("performance/readdir-ahead", "rda-request-size", size(4_096, 131_072)),
    byDefault: "131072",
  },
  "performance.io-cache": enables("performance/io-cache", "off"),
  "performance.cache-size": {
    kind: size(4 * MIB, 32 * GIB),
    sets: [
      ["performance/io-cache", "cache-size"],
      ["performance/quick-read", "cache-size"],
    ],
  },
  "performance.cache-max-file-size": sets("performance/io-cache", "max-file-size", size(0, 32 * GIB)),
  "performance.open-behind": enables("performance/open-behind", "on"),
  "performance.lazy-open": sets("performance/open-behind", "lazy-open", boolean),
  "performance.read-after-open": sets("performance/open-behind", "read-after-open", boolean),
  "performance.quick-read": enables("performance/quick-read", "on"),
  "performance.quick-read-cache-size": sets("performance/quick-read", "cache-size", size(0, 32 * GIB)),
  "performance.quick-read-cache-timeout": sets("performance/quick-read", "cache-timeout", integer(1, 600)),
  "performance.quick-read-cache-invalidation": sets(
    "performance/quick-read",
    "quick-read-cache-invalidation",
    boolean,
  ),
  "performance.nl-cache": enables("performance/nl-cache", "off"),
  "performance.nl-cache-timeout": sets("performance/nl-cache", "nl-cache-timeout", integer(0, 600)),
  "performance.nl-cache-limit": {
    ...sets("performance/nl-cache", "nl-cache-limit", size(0, 100 * MIB)),
    byDefault: "10MB",
  },
  "performance.nl-cache-positive-entry": sets("performance/nl-cache", "nl-cache-positive-entry", boolean),
  "performance.stat-prefetch": enables("performance/md-cache", "on"),
  "performance.md-cache-timeout": sets("performance/md-cache", "md-cache-timeout", integer(0, 600)),
  "performance.md-cache-statfs": sets("performance/md-cache", "md-cache-statfs", boolean),
  "performance.cache-invalidation": sets("performance/md-cache", "cache-invalidation", boolean),
  "performance.global-cache-invalidation": sets("performance/md-cache", "global-cache-invalidation", boolean),
  "performance.client-io-threads": enables("performance/io-threads", "on"),
  "performance.io-thread-count": sets("performance/io-threads", "thread-count", integer(1, 64)),
  "diagnostics.client-log-level": {
    ...sets("debug/io-stats", "log-level", {
      type: "choice",
      values: ["DEBUG", "WARNING", "ERROR", "INFO", "CRITICAL", "NONE", "TRACE"],
    }),
    byDefault: "INFO",
  },
  "features.leases": { kind: boolean, byDefault: "off", isOfBricks: true },
  "features.lease-lock-recall-timeout": { kind: integer(1, 3_600), byDefault: "60", isOfBricks: true },
  "features.cache-invalidation": { kind: boolean, byDefault: "off", isOfBricks: true },
  "features.cache-invalidation-timeout": { kind: integer(1, 600), byDefault: "60", isOfBricks: true },
  "storage.health-check-interval": { kind: integer(0, 3_600), byDefault: "30", isOfBricks: true },
  "storage.health-check-timeout": { kind: integer(1, 3_600), byDefault: "20", isOfBricks: true },
  "auth.ssl-allow": { kind: { type: "list" }, isOfBricks: true },
  "auth.reject": { kind: { type: "list" }, isOfBricks: true },
  "auth.allow": { kind: { type: "list" }, byDefault: "*", isOfBricks: true },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option of a volume. */
export type VolumeOptionName = keyof typeof volumeOptionTable;
