import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { createTcpTransport } from "@brickshift/transport-net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, succeed, until } from "./support/command.js";
import { startEmulator } from "./support/emulator.js";
import { clientVolfile, mountVolfile } from "./support/fuse-mount.js";
import { withPerformance } from "./support/performance-volfile.js";
import { type RecordTap, startRecordTap } from "./support/record-tap/record-tap.js";
import type { TapReport } from "./support/record-tap/tap-report.js";
import { Scratch } from "./support/scratch.js";
import { startStockBrick } from "./support/stock-brick.js";
import { useEveryFop } from "./support/every-fop.js";

/** Where to keep what clients sent, to make corpora of; by default nothing is kept. */
const sessions = process.env["BRICKSHIFT_SESSIONS"];
const programs = fileURLToPath(new URL("programs/", import.meta.url));

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(async () => scratch.end());

/** Bricks of either kind, each behind a tap. */
const kinds = {
  emulated: async (names: readonly string[]) => {
    const more = ["--memory", "--recall-timeout", "1000", "--cache-invalidation", "60"];
    const { port } = await startEmulator(scratch, names, more);
    const tap = await startRecordTap(scratch, port, sessions);
    return { taps: [tap], bricks: names.map((name) => ({ name, port: tap.port })) };
  },
  stock: async (names: readonly string[]) => {
    const taps: RecordTap[] = [];
    const bricks: { name: string; port: number }[] = [];
    for (const name of names) {
      const { port } = await startStockBrick(scratch, { name, leases: { recallSeconds: 1 }, upcall: true });
      const tap = await startRecordTap(scratch, port);
      taps.push(tap);
      bricks.push({ name, port: tap.port });
    }
    return { taps, bricks };
  },
} as const;

/** The reports of several taps as one. */
async function reportOf(taps: readonly RecordTap[]): Promise<TapReport> {
  const reports = await Promise.all(taps.map((tap) => tap.report()));
  const sum = (key: "connections" | "records" | "mismatchCount") =>
    reports.reduce((total, report) => total + report[key], 0);
  const procedures: Record<string, { calls: number; replies: number; errors: number }> = {};
  const forms: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, { calls, replies, errors }] of Object.entries(report.procedures)) {
      const known = (procedures[name] ??= { calls: 0, replies: 0, errors: 0 });
      known.calls += calls;
      known.replies += replies;
      known.errors += errors;
    }
    for (const [form, count] of Object.entries(report.forms)) forms[form] = (forms[form] ?? 0) + count;
  }
  return {
    connections: sum("connections"),
    records: sum("records"),
    mismatchCount: sum("mismatchCount"),
    mismatches: reports.flatMap(({ mismatches }) => mismatches),
    procedures,
    forms,
  };
}

/** Every record was the same again, and each of these procedures was called and answered. */
function expectSeen(report: TapReport, names: readonly string[], forms: readonly string[] = []): void {
  expect(report.mismatches).toEqual([]);
  expect(report.mismatchCount).toBe(0);
  const silent = names.filter((name) => {
    const count = report.procedures[name];
    return count === undefined || count.calls === 0 || (count.replies === 0 && !name.startsWith("callback"));
  });
  expect(silent).toEqual([]);
  expect(forms.filter((form) => report.forms[form] === undefined)).toEqual([]);
}

const fops = (names: string) => names.split(" ").map((name) => `fop ${name}`);
const handshake = ["dump DUMP", "handshake SETVOLUME"];
const ofMount = fops(
  "LOOKUP STAT READLINK MKNOD MKDIR UNLINK RMDIR SYMLINK RENAME LINK OPEN READ WRITE STATFS FLUSH FSYNC SETXATTR " +
    "GETXATTR REMOVEXATTR OPENDIR CREATE FTRUNCATE LK READDIRP SETATTR RELEASE RELEASEDIR FALLOCATE DISCARD",
);
const forms = ["auth glusterV2", "auth glusterV3", "old dict value", "dict str", "dict gfuuid", "dict ptr"];
const payloads = ["payload fop READ", "payload fop WRITE"];

describe.each(["emulated", "stock"] as const)("records between the stock client and %s bricks", (kind) => {
  it.each(["without", "with"] as const)(
    "of a mount %s performance translators are the same again",
    async (how) => {
      const { taps, bricks } = await kinds[kind](["b0", "b1"]);
      const plain = clientVolfile(bricks);
      const mount = await mountVolfile(scratch, how === "with" ? withPerformance(plain) : plain);
      await succeed("bash", [`${programs}mount-workload.sh`, mount.path]);
      const report = await reportOf(taps);
      expectSeen(report, [...handshake, ...ofMount], [...forms, ...payloads]);
      expect(report.procedures["fop LOOKUP"]?.errors).toBeGreaterThan(0);
      // Which of the two asks for times by SETATTR or FSETATTR, and stats by STAT or FSTAT, is the client's choice.
      if (how === "without") expectSeen(report, fops("FSTAT FSYNCDIR INODELK ENTRYLK"));
    },
  );

  it("of a program on libgfapi are the same again", async () => {
    const { taps, bricks } = await kinds[kind](["b0"]);
    const program = scratch.path("gfapi-workload");
    const flags = (await succeed("pkg-config", ["--cflags", "--libs", "glusterfs-api"])).trim().split(/\s+/);
    await succeed("gcc", ["-o", program, `${programs}gfapi-workload.c`, ...flags]);
    const volfile = scratch.path("gfapi.vol");
    writeFileSync(volfile, clientVolfile(bricks));
    const log = scratch.path("gfapi.log");
    const { code, stdout } = await run(program, [volfile, log, "leases"]);
    expect(stdout).toBe("");
    expect(code).toBe(0);
    expectSeen(
      await reportOf(taps),
      [
        ...handshake,
        ...fops("LEASE LK SEEK FSETXATTR FGETXATTR FREMOVEXATTR ZEROFILL DISCARD FALLOCATE FSYNC FSETATTR"),
        ...fops("READDIRP ACCESS TRUNCATE FTRUNCATE RELEASEDIR"),
        "callback RECALL_LEASE",
      ],
      [...payloads, "auth glusterV3"],
    );
  });
});

it.each(["emulated", "stock"] as const)(
  "records of invalidations by %s bricks are the same again",
  async (kind) => {
    const { taps, bricks } = await kinds[kind](["b0"]);
    const volfile = withPerformance(clientVolfile(bricks));
    const [one, two] = [
      await mountVolfile(scratch, volfile, "one"),
      await mountVolfile(scratch, volfile, "two"),
    ];
    await succeed("bash", ["-c", `echo first > ${one.path}/f && cat ${two.path}/f && ls -l ${two.path}`]);
    await succeed("bash", [
      "-c",
      `echo second > ${one.path}/f && mv ${one.path}/f ${one.path}/g && rm ${one.path}/g`,
    ]);
    const count = async () => (await reportOf(taps)).procedures["callback CACHE_INVALIDATION"]?.calls ?? 0;
    await until("an invalidation", async () => (await count()) > 0);
    expectSeen(await reportOf(taps), ["callback CACHE_INVALIDATION"]);
  },
);

it("records between our client and a stock brick are the same again", async () => {
  const { taps, bricks } = await kinds.stock(["b0"]);
  const [brick] = bricks;
  const client = createBrickClient({
    transport: createTcpTransport({}),
    address: `tcp://127.0.0.1:${brick?.port}`,
    brick: "b0",
    scheduler: nodeScheduler,
    random: nodeRandom,
    options: { auth: { pid: 1732, lkOwner: Uint8Array.of(1, 2, 3, 4, 5) } },
  });
  await client.connect();
  await useEveryFop(client);
  await client.close();
  const seen =
    "CREATE WRITE READ MKDIR LOOKUP READDIRP OPEN LEASE SEEK STATFS INODELK ENTRYLK LK RENAME UNLINK FSYNC";
  expectSeen(await reportOf(taps), [...handshake, ...fops(seen)], [...payloads, "auth glusterV3"]);
});
