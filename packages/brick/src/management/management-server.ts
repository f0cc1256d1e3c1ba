import { createRpcPeer, type RpcPeer, type Scheduler, withDump } from "@brickshift/rpc";
import type { Connection } from "@brickshift/transport";
import { callbacks, encodeBody, programs } from "@brickshift/wire";
import { answerProgram } from "./answer-program.js";
import { handshakeAnswers } from "./handshake-answers.js";
import type { ManagementLog } from "./management-event.js";
import { managementOptions, type ManagementOptionsInput } from "./options.js";
import { portmapAnswers } from "./portmap-answers.js";
import type { VolumeDirectory } from "./volume-directory.js";

/** What {@link createManagementServer} is given. */
export interface ManagementServerInit {
  readonly directory: VolumeDirectory;
  readonly scheduler: Scheduler;
  readonly options?: ManagementOptionsInput;
  readonly log?: ManagementLog;
}

/**
 * The part of glusterd that clients speak to: volfiles and the port map. It needs a listener of its own, since a client
 * that finds the port map listed looks for no brick there. It knows no transport: the application gives it connections.
 */
export interface ManagementServer {
  /** Serves a connection, from the first record to its end. */
  accept(connection: Connection): void;
  /** Asks the clients that have fetched one of the volumes to fetch it again; returns how many are asked. */
  announce(volumes: ReadonlySet<string>): number;
  /** Ends the connections; answers on their way are sent. Harmless when repeated. */
  close(): Promise<void>;
}

/** A connection, and the volumes whose volfiles it has. */
interface ManagementSession {
  readonly peer: RpcPeer;
  readonly volumes: Set<string>;
}

/**
 * Makes a management server.
 * @throws ZodError when `options` do not fit `managementOptions`.
 */
export function createManagementServer(init: ManagementServerInit): ManagementServer {
  const options = managementOptions.parse(init.options ?? {});
  const { directory, scheduler, log = () => {} } = init;
  const sessions = new Set<ManagementSession>();
  const ports = answerProgram(programs.portmap, portmapAnswers(directory, options, log), log);
  let closing: Promise<void> | undefined;

  function accept(connection: Connection): void {
    const { address } = connection.peer;
    if (closing !== undefined || sessions.size >= options.connectionsMax) {
      log({ type: "management-refused", address });
      connection.abort();
      return;
    }
    const volumes = new Set<string>();
    const onFetch = (volume: string) => void volumes.add(volume);
    const answers = handshakeAnswers({ directory, options, log, onFetch });
    const served = withDump([ports, answerProgram(programs.handshake, answers, log)]);
    const peer = createRpcPeer({ connection, scheduler, options: options.rpc, programs: served });
    const session = { peer, volumes };
    sessions.add(session);
    void peer.closed.then(() => sessions.delete(session));
  }

  function announce(changed: ReadonlySet<string>): number {
    const { number: program, version } = programs.callback;
    const { number: procedure, request } = callbacks.fetchspec;
    const body = encodeBody(request, {});
    const asked = [...sessions].filter(({ volumes }) => [...volumes].some((volume) => changed.has(volume)));
    for (const { peer } of asked) {
      // Nobody answers a callback; when it is lost the connection is, and the client fetches with its next one.
      peer.notify({ program, version, procedure, body }).catch(() => {});
    }
    return asked.length;
  }

  const close = async () => {
    await Promise.all([...sessions].map(({ peer }) => peer.close()));
  };
  return { accept, announce, close: () => (closing ??= close()) };
}
