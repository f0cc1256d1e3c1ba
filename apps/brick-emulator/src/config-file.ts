import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "./usage-error.js";
import { checkVolumes, planVolume, type VolumePlan } from "./volume-plan.js";

const port = z.int().min(0).max(65_535);

/** What a configuration file holds, as JSON. */
export const serveConfig = z.strictObject({
  /** `HOST:PORT` of the volume server; `--listen` comes before it. */
  listen: z.string().min(1).optional(),
  /** Name or address that clients reach the bricks at; `--host` comes before it. */
  host: z.string().min(1).max(255).optional(),
  volumes: z
    .array(
      z.strictObject({
        name: z.string(),
        /** Directories, relative to that of the file. */
        bricks: z.array(z.string()).min(1).max(1_024),
        /** Under the names of `gluster volume set`. */
        options: z
          .record(
            z.string(),
            z.union([
              z.string(),
              z.number().transform(String),
              z.boolean().transform((on) => (on ? "on" : "off")),
            ]),
          )
          .default({}),
        /** Those of the bricks that are down for clients. */
        stopped: z.array(z.string()).max(1_024).default([]),
        /** Port of the bricks of the volume; 0 for any free one. */
        brickPort: port.default(0),
      }),
    )
    .min(1)
    .max(256),
});

/** A configuration file that was read. */
export interface Config {
  readonly listen: string | undefined;
  readonly host: string | undefined;
  readonly volumes: readonly VolumePlan[];
}

/**
 * Reads a configuration file.
 * @throws UsageError with the place in the file; `VolumeError` `VOLUME_OPTION_UNKNOWN`, `VOLUME_OPTION_VALUE`.
 */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`--config: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parseConfig(text, path);
}

/** Reads the text of a configuration file that is at `path`. Throws as {@link readConfig}. */
export function parseConfig(text: string, path: string): Config {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--config: ${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = serveConfig.safeParse(content);
  if (!parsed.success) throw new UsageError(`--config: ${path}: ${z.prettifyError(parsed.error)}`);
  const { listen, host, volumes } = parsed.data;
  const plans = volumes.map((volume) => planVolume(volume, dirname(resolve(path))));
  checkVolumes(plans);
  return { listen, host, volumes: plans };
}
