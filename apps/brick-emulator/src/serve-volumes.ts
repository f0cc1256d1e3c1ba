import { hostname } from "node:os";
import { type Config, readConfig } from "./config-file.js";
import type { EventLog } from "./event-log.js";
import { ExitCode } from "./exit-code.js";
import { parseListenAddress } from "./listen-address.js";
import { transportFor, wantsTls } from "./listen-transport.js";
import type { ServeOptionValues } from "./serve-command.js";
import { UsageError } from "./usage-error.js";
import { tellUsageOnSignal } from "./usage-on-signal.js";
import { checkVolumes, parseOptionArguments, planVolume, type VolumePlan } from "./volume-plan.js";
import { VolumeServer } from "./volume-server.js";

/** Port of a volume server, which clients take when they are told none. */
const DEFAULT_LISTEN = "127.0.0.1:24007";

/** Serves volumes until `ended`; a SIGHUP reads the configuration file again. */
export async function serveVolumes(
  values: ServeOptionValues,
  log: EventLog,
  ended: Promise<string>,
): Promise<number> {
  const config = configOf(values);
  const address = parseListenAddress(values.listen ?? config.listen ?? DEFAULT_LISTEN, wantsTls(values));
  if (address.startsWith("unix:"))
    throw new UsageError("a volume is served at HOST:PORT, not at a Unix socket");
  const isTls = wantsTls(values);
  checkTls(config.volumes, isTls);
  const listenHost = address.slice(0, address.lastIndexOf(":"));
  const server = await VolumeServer.start({
    volumes: config.volumes,
    address,
    listenHost,
    host: values.host ?? config.host ?? hostFor(listenHost),
    inMemory: values.memory === true,
    compat: values.compat,
    isTls,
    transport: transportFor(address, values),
    log,
  });
  const { config: file } = values;
  const reload = () => file !== undefined && reconfigure(server, { file, isTls }, log);
  if (file !== undefined) process.on("SIGHUP", reload);
  const noMoreUsage = tellUsageOnSignal(
    () => server.volumes.flatMap(({ served }) => [...served.values()]),
    log,
  );
  try {
    announce(values, log, server);
    const reason = await ended;
    log.program({ event: "stopping", reason });
  } finally {
    process.off("SIGHUP", reload);
    noMoreUsage();
    await server.close();
  }
  log.program({ event: "stopped" });
  return ExitCode.done;
}

/** What is to be served, from the file or from the command line. @throws UsageError, VolumeError */
function configOf(values: ServeOptionValues): Config {
  const { config, volume, brick, option, brickPort } = values;
  if (values.recallTimeout !== undefined) {
    throw new UsageError("for a volume write --option features.lease-lock-recall-timeout=SECONDS");
  }
  if ((values.allow?.length ?? 0) > 0 || (values.user?.length ?? 0) > 0) {
    throw new UsageError("for a volume write --option auth.allow=ADDRESSES; it has no users");
  }
  if (values.connectionsMax !== undefined) {
    throw new UsageError("--connections-max goes with --brick NAME=DIR");
  }
  if (values.cacheInvalidation !== undefined) {
    throw new UsageError("for a volume write --option features.cache-invalidation=on");
  }
  if (config !== undefined) {
    if (volume !== undefined || brick.length > 0 || option.length > 0 || brickPort !== undefined) {
      throw new UsageError(
        "--config says which volumes there are: leave --volume, --brick, --option and --brick-port out",
      );
    }
    return readConfig(config);
  }
  const plan = {
    name: volume ?? "",
    bricks: brick,
    options: parseOptionArguments(option),
    brickPort: parsePort(brickPort ?? "0"),
  };
  const volumes = [planVolume(plan, process.cwd())];
  checkVolumes(volumes);
  return { listen: undefined, host: undefined, volumes };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`"${text}" is no port; write 1 to 65535, or 0 for any free one`);
}

/** What clients are told by default: where the server listens; the name of the machine when it listens everywhere. */
function hostFor(listenHost: string): string {
  const host = listenHost.slice("tcp://".length).replace(/^\[|\]$/g, "");
  return host === "0.0.0.0" || host === "::" ? hostname() : host;
}

/** @throws UsageError for an option that would keep everybody out. */
function checkTls(volumes: readonly VolumePlan[], isTls: boolean): void {
  const wrong = isTls ? undefined : volumes.find(({ options }) => options.has("auth.ssl-allow"));
  if (wrong === undefined) return;
  throw new UsageError(
    `volume "${wrong.name}" has auth.ssl-allow, which names certificates: add --tls-cert, --tls-key and --tls-ca`,
  );
}

function reconfigure(
  server: VolumeServer,
  { file, isTls }: { readonly file: string; readonly isTls: boolean },
  log: EventLog,
): void {
  try {
    const { volumes } = readConfig(file);
    checkTls(volumes, isTls);
    server.reconfigure(volumes);
  } catch (error) {
    // What runs goes on as it is, whatever the file says.
    log.program({
      event: "reconfigure-failed",
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

function announce(values: ServeOptionValues, log: EventLog, { address, volumes }: VolumeServer): void {
  log.program({
    event: "listening",
    address,
    volumes: volumes.map((volume) => ({
      name: volume.name,
      id: volume.volumeId ?? null,
      address: volume.address,
      bricks: volume.bricks.map(({ name, subvolume, store }) => ({
        name,
        subvolume,
        directory: values.memory ? null : name,
        id: store.id,
      })),
    })),
  });
  if (values.json) return;
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  const options = [
    ...(port === "24007" ? [] : [`server-port=${port}`]),
    ...(host.includes(":") ? ["xlator-option=transport.address-family=inet6"] : []),
  ];
  const option = options.length === 0 ? "" : ` -o ${options.join(",")}`;
  for (const volume of volumes) {
    process.stdout.write(
      `volume "${volume.name}" of ${volume.bricks.length} bricks at ${address}: mount -t glusterfs${option} ${host}:/${volume.name} DIR\n`,
    );
  }
}
