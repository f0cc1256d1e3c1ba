import { chownSync, existsSync, mkdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../support/command.js";
import { freePort } from "../support/free-port.js";
import { type LiveVolume, startLiveVolume } from "../support/live-volume.js";
import { program, programEnd } from "../support/program.js";
import { Scratch } from "../support/scratch.js";
import { sizeOf } from "../support/size.js";

const CLIENTS = 4;
/** Transactions of the run after which the bricks are killed in the next, and of the one at the end. */
const TRANSACTIONS = sizeOf("PGBENCH_TRANSACTIONS", 40);
/** How many transactions have to be there, of the run that does not end, before the bricks are killed. */
const KILL_AFTER = 20;
const BIN = "/usr/lib/postgresql/15/bin";

let scratch: Scratch;
let volume: LiveVolume;
beforeEach(async () => {
  scratch = new Scratch();
  volume = await startLiveVolume(scratch);
});
afterEach(() => scratch.end());

it("keeps every transaction that PostgreSQL acknowledged when its bricks are killed under it", async () => {
  const postgres = await createCluster();
  await postgres.start();
  await postgres.run(`${BIN}/pgbench`, ["--initialize", "--quiet", "--scale=1", "postgres"]);
  const first = await postgres.bench(["--transactions", String(TRANSACTIONS)]);
  expect(first.code).toBe(0);
  expect(first.acknowledged).toBe(CLIENTS * TRANSACTIONS);
  expect(await postgres.rows()).toBe(first.acknowledged);

  const interrupted = postgres.bench(["--time", "120"]);
  await until(
    "the transactions before the kill",
    async () => (await postgres.rows()) >= first.acknowledged + KILL_AFTER,
    200_000,
  );
  await volume.kill();
  const second = await interrupted;
  expect(second.acknowledged).toBeGreaterThan(0);
  // It has to see that its disk is gone: a transaction that waits for it is not acknowledged.
  await postgres.end();
  await volume.restart();
  await until("the mount after the restart", () => existsSync(`${postgres.data}/PG_VERSION`), 120_000);

  await postgres.start();
  const kept = await postgres.rows();
  // Beyond what was acknowledged there may be one for each client, whose answer the kill came before.
  expect(kept).toBeGreaterThanOrEqual(first.acknowledged + second.acknowledged);
  expect(kept).toBeLessThanOrEqual(first.acknowledged + second.acknowledged + CLIENTS);
  const sums = await postgres.sql(
    `select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)
        and (select sum(bbalance) from pgbench_branches) = (select sum(delta) from pgbench_history)
        and (select sum(tbalance) from pgbench_tellers) = (select sum(delta) from pgbench_history)`,
  );
  expect(sums).toBe("t");
  await postgres.run(`${BIN}/pg_amcheck`, ["--install-missing", "--heapallindexed", "postgres"]);

  const third = await postgres.bench(["--transactions", String(TRANSACTIONS)]);
  expect(third.code).toBe(0);
  expect(await postgres.rows()).toBe(kept + CLIENTS * TRANSACTIONS);
  await postgres.stop();
  await postgres.run(`${BIN}/pg_controldata`, [postgres.data]);
  await volume.finish();
});

interface Bench {
  readonly code: number | NodeJS.Signals | null;
  /** Transactions whose commit was answered. */
  readonly acknowledged: number;
}

/** A cluster on the mount, whose socket and log are elsewhere. */
async function createCluster() {
  const data = `${volume.path}/postgresql`;
  const elsewhere = scratch.path("server");
  const { uid, gid } = await postgresUser();
  for (const directory of [data, elsewhere]) {
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, uid, gid);
  }
  const port = await freePort();
  const env = { PGHOST: elsewhere, PGPORT: String(port), PGUSER: "postgres" };
  const options = { as: { uid, gid }, env, cwd: elsewhere };
  const run = async (command: string, args: readonly string[]) =>
    (await program(command, args, options)).stdout.trim();
  const sql = (text: string) => run(`${BIN}/psql`, ["-X", "-A", "-t", "-c", text, "postgres"]);
  const pgCtl = (...args: readonly string[]) =>
    run(`${BIN}/pg_ctl`, ["-D", data, "-l", `${elsewhere}/log`, "-w", "-t", "200", ...args]);
  await run(`${BIN}/initdb`, ["-D", data, "-A", "trust", "-U", "postgres", "--data-checksums"]);
  // Were a test to stop half-way: nobody may use the mount when it goes.
  scratch.onEnd(async () => void (await programEnd("pkill", ["-KILL", "-F", pidFile()], options)));
  const pidFile = () => `${elsewhere}/pid`;
  const settings = [
    `-k ${elsewhere} -p ${port} -c listen_addresses='' -c external_pid_file=${pidFile()}`,
    // Some connections for pgbench and one for the test; more would only take memory.
    "-c max_connections=20 -c shared_buffers=16MB",
  ].join(" ");
  return {
    data,
    run,
    sql,
    start: () => pgCtl("-o", settings, "start"),
    stop: () => pgCtl("-m", "fast", "stop"),
    /** Ends the server whatever its state, as a crash of its machine would. */
    async end() {
      await programEnd("pkill", ["-QUIT", "-F", pidFile()], options);
      await until(
        "the end of PostgreSQL",
        async () => (await programEnd("pgrep", ["-F", pidFile()], options)).code !== 0,
        120_000,
      );
    },
    rows: async () => Number(await sql("select count(*) from pgbench_history")),
    async bench(args: readonly string[]): Promise<Bench> {
      const common = ["--client", String(CLIENTS), "--jobs", "2", "--no-vacuum"];
      const { code, stdout } = await programEnd(`${BIN}/pgbench`, [...common, ...args, "postgres"], options);
      const found = /number of transactions actually processed: (\d+)/.exec(stdout);
      return { code, acknowledged: Number(found?.[1]) };
    },
  };
}

async function postgresUser() {
  const idOf = async (flag: string) => Number((await program("id", [flag, "postgres"])).stdout);
  return { uid: await idOf("-u"), gid: await idOf("-g") };
}
