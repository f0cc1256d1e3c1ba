import type { Scheduler } from "@brickshift/rpc";
import type { Connection } from "@brickshift/transport";
import { z } from "zod";
import { Brick } from "../brick.js";
import { driveHealth, type HealthDriver } from "../health/health-driver.js";
import { type BrickServerOptions, brickServerOptions, type BrickServerOptionsInput } from "../options.js";
import type { BrickStore } from "../store/store.js";
import { createTree, type TreeInput } from "../tree/create-tree.js";
import type { BrickLog } from "./brick-event.js";
import { safeLog } from "./safe-log.js";
import { Session } from "./session.js";

/** One brick of a server. */
export interface BrickConfig {
  /** What clients ask for as `remote-subvolume`; unique on the server. */
  readonly name: string;
  /** Where its files are. The caller opens it, and closes it after the server. */
  readonly store: BrickStore;
  /** Uuid of the volume that the brick belongs to; clients that name another are refused. */
  readonly volumeId?: string;
  /** Name of the brick's subvolume in the graph of its clients, such as `demo-client-0`; link files hold it. */
  readonly subvolume?: string;
  /** Clock and bounds of its namespace. */
  readonly tree?: TreeInput;
}

/** What {@link createBrickServer} is given. */
export interface BrickServerInit {
  readonly bricks: readonly BrickConfig[];
  readonly scheduler: Scheduler;
  readonly options?: BrickServerOptionsInput;
  /** Hears of sessions, refusals, recalls and faults. */
  readonly log?: BrickLog;
}

/** Bricks behind one listener. It knows no transport: the application gives it connections. */
export interface BrickServer {
  /** The bricks by name, for tools and tests. */
  readonly bricks: ReadonlyMap<string, Brick>;
  /** Serves a connection, from the first record to its end. */
  accept(connection: Connection): void;
  /**
   * Takes other options over while clients are served: `login`, `openLeases`, `leases.recallTimeoutMs`, `cacheInvalidation` and
   * `healthCheck`; all others stay as they are. Connections of clients that `login` refuses now are ended; recalls under way
   * keep their deadlines, leases their holders.
   * @throws ZodError when the options do not fit; nothing is changed then.
   */
  reconfigure(options: BrickServerOptionsInput): void;
  /**
   * Ends the sessions, lets what runs come to its end and makes every change durable. The stores stay open.
   * Harmless when repeated.
   */
  close(): Promise<void>;
}

const brickConfigs = z
  .array(
    z.looseObject({
      name: z.string().min(1).max(255),
      volumeId: z.guid().optional(),
      subvolume: z.string().min(1).max(255).optional(),
    }),
  )
  .min(1)
  .max(1_024)
  .refine((bricks) => new Set(bricks.map(({ name }) => name)).size === bricks.length, {
    error: "every brick has a name of its own",
  });

/**
 * Opens the bricks.
 * Rejects with ZodError when the options or the names do not fit, before anything is opened; as `createTree`
 * does when a store fails.
 */
export async function createBrickServer(init: BrickServerInit): Promise<BrickServer> {
  const options = brickServerOptions.parse(init.options ?? {});
  brickConfigs.parse(init.bricks);
  const { scheduler } = init;
  const log = safeLog(init.log ?? (() => {}), scheduler);
  const bricks = new Map<string, Brick>();
  for (const { name, store, volumeId, subvolume, tree: treeInput } of init.bricks) {
    const tree = await createTree(store, treeInput);
    const { id, bootCount } = store;
    const brick = new Brick({ name, id, bootCount, volumeId, subvolume, tree, options, scheduler, log });
    bricks.set(name, brick);
  }
  const health = init.bricks.map(({ name, store }) =>
    driveHealthOf(bricks.get(name), store, options, scheduler),
  );
  const [first] = init.bricks;
  const processUuid = `${first?.store.id}-${first?.store.bootCount}`;
  const sessions = new Set<Session>();
  let closing: Promise<void> | undefined;

  function accept(connection: Connection): void {
    const { address } = connection.peer;
    if (closing !== undefined || sessions.size >= options.connectionsMax) {
      log({ type: "connection-refused", address });
      connection.abort();
      return;
    }
    const session = new Session({ connection, bricks, options, scheduler, log, processUuid });
    sessions.add(session);
    log({ type: "connection-open", address, count: sessions.size });
    void session.ended().then((code) => {
      sessions.delete(session);
      log({ type: "connection-closed", address, code });
    });
  }

  function reconfigure(input: BrickServerOptionsInput): void {
    const next = brickServerOptions.parse(input);
    for (const brick of bricks.values()) brick.reconfigure(next);
    for (const checks of health) checks.reconfigure(next.healthCheck);
    for (const session of sessions) session.judgeAgain();
  }

  async function close(): Promise<void> {
    for (const checks of health) checks.close();
    await Promise.all([...sessions].map((session) => session.close()));
    await Promise.all([...bricks.values()].map((brick) => brick.close()));
  }

  return { bricks, accept, reconfigure, close: () => (closing ??= close()) };
}

/** Takes the brick down when its store fails, and up again. */
function driveHealthOf(
  brick: Brick | undefined,
  store: BrickStore,
  { healthCheck }: BrickServerOptions,
  scheduler: Scheduler,
): HealthDriver {
  return driveHealth(healthCheck, scheduler, {
    check: () => store.check(),
    failed: (error) => brick?.takeDown("store", error),
    well: () => brick?.bringUp("store"),
  });
}
