import { type BrickClient, createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import type { Transport } from "@brickshift/transport";
import { createTcpTransport, createTlsTransport, createUnixTransport } from "@brickshift/transport-net";
import type { Command } from "commander";
import type { BrickUrl } from "./brick-url.js";
import { connectHint } from "./connect-hint.js";
import { CommandError, ExitCode } from "./exit-code.js";
import { addNeededOption } from "./needed-option.js";
import { readTlsFiles, type TlsMaterial, type TlsPaths } from "./tls-files.js";

/** How to connect, beyond the address. */
export interface ConnectChoices {
  /** What the brick logs as the program's name. */
  readonly processName: string;
  readonly tls?: TlsMaterial;
  readonly username?: string;
  readonly password?: string;
  /** Time in which the connection must be made and the brick say what it is; the client's default, 20 s. */
  readonly attemptTimeoutMs?: number;
}

/** Options of every command that connects to the source and the destination. */
export interface ConnectionOptionValues extends TlsPaths {
  readonly source: string;
  readonly destination: string;
  readonly username?: string;
  readonly password?: string;
}

/** Adds the options of {@link ConnectionOptionValues}. */
export function addConnectionOptions(command: Command): Command {
  addNeededOption(
    command,
    "--source <url>",
    "brick to move from: gluster://HOST:PORT/BRICK, gluster+tls://… or gluster+unix:///SOCKET?brick=BRICK",
  );
  addNeededOption(command, "--destination <url>", "brick to move to, in the same form");
  return command
    .option("--tls-cert <file>", "PEM certificate for gluster+tls")
    .option("--tls-key <file>", "PEM private key for gluster+tls")
    .option("--tls-ca <file>", "PEM certificates that sign the bricks")
    .option("--username <name>", "for bricks that want a login")
    .option("--password <text>", "for bricks that want a login");
}

/** What {@link connectBrick} takes, out of the command line. */
export function connectChoices(values: ConnectionOptionValues, processName: string): ConnectChoices {
  const tls = readTlsFiles(values);
  return {
    processName,
    ...(tls !== undefined && { tls }),
    ...(values.username !== undefined && { username: values.username }),
    ...(values.password !== undefined && { password: values.password }),
  };
}

/**
 * Connects to a brick and stays connected.
 * @throws CommandError `connection`, with the address and what to look at.
 */
export async function connectBrick(url: BrickUrl, choices: ConnectChoices): Promise<BrickClient> {
  const { processName, username, password, attemptTimeoutMs } = choices;
  const client = createBrickClient({
    transport: transportFor(url, choices.tls),
    address: url.address,
    brick: url.brick,
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: {
      processName,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(attemptTimeoutMs !== undefined && { reconnect: { attemptTimeoutMs } }),
    },
  });
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.close();
    const { message = String(cause), code = "" } = cause as Partial<NodeJS.ErrnoException>;
    const text = `cannot connect to ${url.text}: ${message}; ${connectHint(code)}`;
    throw new CommandError(ExitCode.connection, text, { cause });
  }
}

function transportFor(url: BrickUrl, tls: TlsMaterial | undefined): Transport {
  if (url.address.startsWith("unix:")) return createUnixTransport({});
  if (url.address.startsWith("tcp:")) return createTcpTransport({});
  if (tls === undefined) {
    throw new CommandError(ExitCode.usage, `${url.text} speaks TLS: name --tls-cert, --tls-key and --tls-ca`);
  }
  return createTlsTransport({ ...tls });
}
