import type { Translator } from "./option-table.js";
import type { Volfile, VolfileSection } from "./volfile.js";
import { isOptionOn, optionText, specOf, volumeOptionNames, type VolumeOptions } from "./volume-options.js";

/** A brick as the clients of its volume reach it. */
export interface VolumeBrick {
  readonly host: string;
  /**
   * Where the client connects first: the port mapper, which then tells the brick's port, or the brick itself. By default
   * 24007.
   */
  readonly port?: number;
  /** What the client asks for, the `remote-subvolume`: a path with glusterd. */
  readonly name: string;
}

/** A volume: one brick, or several among which its files are distributed. */
export interface Volume {
  readonly name: string;
  readonly bricks: readonly VolumeBrick[];
  readonly options: VolumeOptions;
  /** Whether its bricks, and their port mapper, speak TLS. */
  readonly isTls?: boolean;
}

/** Port of a volume server, and of a brick whose section names none. */
export const GLUSTERD_PORT = 24_007;

/** Name of the subvolume of brick `index` in the graph of the clients; link files hold it. */
export function subvolumeName(volume: string, index: number): string {
  return `${volume}-client-${index}`;
}

/** Translators above the distribution, from below to above, with what their sections are called. */
const stack = [
  ["features/utime", "utime"],
  ["performance/write-behind", "write-behind"],
  ["performance/read-ahead", "read-ahead"],
  ["performance/readdir-ahead", "readdir-ahead"],
  ["performance/io-cache", "io-cache"],
  ["performance/open-behind", "open-behind"],
  ["performance/quick-read", "quick-read"],
  ["performance/nl-cache", "nl-cache"],
  ["performance/md-cache", "md-cache"],
  ["performance/io-threads", "io-threads"],
] as const satisfies readonly (readonly [Translator, string])[];

/**
 * The graph that a client of the volume runs.
 * Source: measured, what glusterd 10.3 makes of a volume with these options (`test/glusterd`).
 */
export function clientGraph(volume: Volume): Volfile {
  const { name, bricks, options, isTls = false } = volume;
  const sections: VolfileSection[] = bricks.map((brick, index) => ({
    name: subvolumeName(name, index),
    type: "protocol/client",
    options: clientOptions(brick, options, isTls),
    subvolumes: [],
  }));
  const add = (type: Translator, section: string, subvolumes: readonly string[]) => {
    const { before = [], behind = [] } = fixed[type] ?? {};
    const all = new Map([...before, ...optionsOf(type, options), ...behind]);
    sections.push({ name: section, type, options: all, subvolumes });
    return section;
  };
  const clients = sections.map((section) => section.name);
  let below = add("cluster/distribute", `${name}-dht`, clients);
  for (const [type, suffix] of stack) {
    if (isPresent(type, options)) below = add(type, `${name}-${suffix}`, [below]);
  }
  add("debug/io-stats", name, [below]);
  return sections;
}

type Pairs = readonly (readonly [string, string])[];

/** What glusterd writes in any case, before and behind what options of the volume set. */
const fixed: Partial<Record<Translator, { readonly before?: Pairs; readonly behind?: Pairs }>> = {
  "cluster/distribute": {
    before: [
      ["force-migration", "off"],
      ["lock-migration", "off"],
    ],
  },
  "performance/readdir-ahead": { behind: [["parallel-readdir", "off"]] },
  "debug/io-stats": {
    before: [
      ["global-threading", "off"],
      ["count-fop-hits", "off"],
      ["latency-measurement", "off"],
      ["threads", "16"],
    ],
  },
};

const PING = "ping-timeout";
const FAMILY = "transport.address-family";

function clientOptions(
  { host, port, name }: VolumeBrick,
  options: VolumeOptions,
  isTls: boolean,
): Map<string, string> {
  const set = new Map(optionsOf("protocol/client", options));
  const ping = set.get(PING) ?? "42";
  const family = set.get(FAMILY) ?? (host.includes(":") ? "inet6" : "inet");
  set.delete(PING);
  set.delete(FAMILY);
  return new Map([
    ["send-gids", "true"],
    ...set,
    ["transport.socket.keepalive-count", "9"],
    ["transport.socket.keepalive-interval", "2"],
    ["transport.socket.keepalive-time", "20"],
    ["transport.tcp-user-timeout", "0"],
    ["transport.socket.ssl-enabled", isTls ? "on" : "off"],
    [FAMILY, family],
    ["transport-type", "tcp"],
    ["remote-subvolume", name],
    ["remote-host", host],
    ...(port === undefined || port === GLUSTERD_PORT ? [] : ([["remote-port", String(port)]] as const)),
    [PING, ping],
  ]);
}

function isPresent(type: Translator, options: VolumeOptions): boolean {
  const enabling = volumeOptionNames.filter((name) => specOf(name).enables === type);
  return enabling.every((name) => isOptionOn(options, name));
}

function optionsOf(type: Translator, options: VolumeOptions): Pairs {
  return volumeOptionNames.flatMap((name) => {
    const text = optionText(options, name);
    if (text === undefined) return [];
    const { sets = [] } = specOf(name);
    return sets.flatMap(([translator, option]) => (translator === type ? [[option, text] as const] : []));
  });
}
