import { nearestName } from "./nearest-name.js";
import { describeKind, isOptionValue, readBoolean } from "./option-kind.js";
import { type OptionSpec, type VolumeOptionName, volumeOptionTable } from "./option-table.js";
import { VolumeError } from "./volume-error.js";

/** The options of one volume that were set, with their texts. What is not there has its default. */
export type VolumeOptions = ReadonlyMap<VolumeOptionName, string>;

const table: Readonly<Record<string, OptionSpec>> = volumeOptionTable;

/** Names of all options, sorted. */
export const volumeOptionNames = (Object.keys(volumeOptionTable) as VolumeOptionName[]).toSorted();

/**
 * Checks names and values.
 * @throws {@link VolumeError} `VOLUME_OPTION_UNKNOWN`, `VOLUME_OPTION_VALUE`; the message names the option and what there is.
 */
export function parseVolumeOptions(texts: Readonly<Record<string, string>>): VolumeOptions {
  const options = new Map<VolumeOptionName, string>();
  for (const [name, text] of Object.entries(texts)) {
    if (!isOptionName(name)) {
      const nearest = nearestName(name, volumeOptionNames);
      const next =
        nearest === undefined ? `these exist: ${volumeOptionNames.join(", ")}` : `did you mean ${nearest}?`;
      const message = `there is no option "${name}"; ${next}`;
      throw new VolumeError("VOLUME_OPTION_UNKNOWN", message);
    }
    const { kind } = specOf(name);
    if (!isOptionValue(kind, text)) {
      const message = `option ${name} cannot be "${text}"; write ${describeKind(kind)}`;
      throw new VolumeError("VOLUME_OPTION_VALUE", message);
    }
    options.set(name, text);
  }
  return options;
}

/** Kind, default and effect of an option. */
export function specOf(name: VolumeOptionName): OptionSpec {
  return volumeOptionTable[name];
}

/** The value that holds, as a text; `undefined` when it is left to the translator. */
export function optionText(options: VolumeOptions, name: VolumeOptionName): string | undefined {
  return options.get(name) ?? specOf(name).byDefault;
}

/** Whether a boolean option is on. */
export function isOptionOn(options: VolumeOptions, name: VolumeOptionName): boolean {
  return readBoolean(optionText(options, name) ?? "off") === true;
}

/** What the options mean for the bricks of the volume. */
export interface VolumeBrickOptions {
  /** Whether clients get leases under Gluster's rules. */
  readonly leases: boolean;
  readonly recallTimeoutMs: number;
  /** Time for which clients are told of changes to what they accessed, in ms; `undefined` when they are not. */
  readonly cacheInvalidationMs: number | undefined;
  /** How often the stores are checked, in ms, or 0 for never, and how long a check may take. */
  readonly healthCheck: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Addresses that may connect, as texts with `*`. */
  readonly allow: readonly string[];
  /** Common names of certificates that may connect, as texts with `*`; `undefined`: none is asked for. */
  readonly certificates: readonly string[] | undefined;
  /** Addresses that may not, whatever `allow` says. */
  readonly reject: readonly string[];
}

/** @see VolumeBrickOptions */
export function brickOptionsOf(options: VolumeOptions): VolumeBrickOptions {
  return {
    leases: isOptionOn(options, "features.leases"),
    recallTimeoutMs: millisecondsOf(options, "features.lease-lock-recall-timeout"),
    cacheInvalidationMs: isOptionOn(options, "features.cache-invalidation")
      ? millisecondsOf(options, "features.cache-invalidation-timeout")
      : undefined,
    healthCheck: {
      intervalMs: millisecondsOf(options, "storage.health-check-interval"),
      timeoutMs: millisecondsOf(options, "storage.health-check-timeout"),
    },
    allow: (optionText(options, "auth.allow") ?? "*").split(","),
    certificates: optionText(options, "auth.ssl-allow")?.split(","),
    reject: optionText(options, "auth.reject")?.split(",") ?? [],
  };
}

function millisecondsOf(options: VolumeOptions, name: VolumeOptionName): number {
  return Number(optionText(options, name)) * 1_000;
}

function isOptionName(name: string): name is VolumeOptionName {
  return Object.hasOwn(table, name);
}
