/**
 * What a user of a mount feels: the stock FUSE client on a brick of the emulator beside the same client on a stock brick, on one disk, in
 * one run, in turn. Needs a build, root, and what test/interop/install installs.
 *
 *   node bench/mount.mjs [write] [read] [random] [untar] [list] [--runs N] [--bytes N] [--files N] [--entries N]
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median, settle, startBrick } from "./processes.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    bytes: { type: "string", default: String(1_024 ** 3) },
    files: { type: "string", default: "20000" },
    entries: { type: "string", default: "100000" },
    seconds: { type: "string", default: "10" },
    "stock-port": { type: "string", default: "49390" },
  },
});
const wanted = positionals.length === 0 ? ["write", "read", "random", "untar", "list"] : positionals;
const runs = Number(values.runs);
const scratch = mkdtempSync(join(tmpdir(), "brickshift-mount-"));
const undos = [];

function mount(name, port, subvolume) {
  const volfile = join(scratch, `${name}.vol`);
  const options = [
    "transport-type tcp",
    "transport.address-family inet",
    "remote-host 127.0.0.1",
    `remote-port ${port}`,
    `remote-subvolume ${subvolume}`,
  ];
  writeFileSync(
    volfile,
    `volume ${name}\n    type protocol/client\n${options.map((line) => `    option ${line}\n`).join("")}end-volume\n`,
  );
  const path = join(scratch, `mnt-${name}`);
  mkdirSync(path);
  execFileSync("glusterfs", ["-f", volfile, "-l", join(scratch, `${name}.log`), path]);
  undos.push(() => spawnSync("umount", ["-l", path]));
  for (let tries = 0; ; tries += 1) {
    try {
      if (statSync(path).ino === 1) return path;
    } catch (error) {
      if (tries > 100) throw error;
    }
    spawnSync("sleep", ["0.1"]);
  }
}

async function startStock(port) {
  const directory = join(scratch, "stock");
  mkdirSync(directory);
  const volfile = join(scratch, "stock-brick.vol");
  const id = "11111111-2222-3333-4444-555555555555";
  execFileSync("setfattr", [
    "-n",
    "trusted.glusterfs.volume-id",
    "-v",
    `0x${id.replaceAll("-", "")}`,
    directory,
  ]);
  const graph = [
    ["posix", "storage/posix", `option directory ${directory}`, `option volume-id ${id}`],
    ["access", "features/access-control"],
    ["locks", "features/locks"],
    ["threads", "performance/io-threads"],
    ["stock", "debug/io-stats"],
    [
      "server",
      "protocol/server",
      "option transport-type tcp",
      `option transport.socket.listen-port ${port}`,
      "option auth.addr.stock.allow *",
      "option auth-path stock",
    ],
  ];
  writeFileSync(
    volfile,
    graph
      .map(([name, type, ...options], index) => {
        const below = index === 0 ? [] : [`subvolumes ${graph[index - 1][0]}`];
        return [`volume ${name}`, `type ${type}`, ...options, ...below, "end-volume", ""].join("\n");
      })
      .join("\n"),
  );
  const child = spawn("glusterfsd", ["-N", "-f", volfile, "-l", join(scratch, "stock-brick.log")], {
    stdio: "ignore",
  });
  undos.push(() => child.kill("SIGKILL"));
  for (let tries = 0; tries < 100; tries += 1) {
    const isUp = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true) || socket.destroy());
      socket.on("error", () => resolve(false));
    });
    if (isUp) return;
    spawnSync("sleep", ["0.1"]);
  }
  throw new Error("the stock brick does not listen");
}

function timed(command, ...args) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return (performance.now() - startedAt) / 1_000;
}

function fio(path, pattern, depth) {
  const file = join(path, "fio");
  const out = execFileSync(
    "fio",
    [
      "--name=f",
      `--filename=${file}`,
      `--rw=rand${pattern}`,
      "--bs=4k",
      "--size=256m",
      "--direct=1",
      "--ioengine=libaio",
      `--iodepth=${depth}`,
      `--runtime=${values.seconds}`,
      "--time_based",
      "--output-format=json",
    ],
    { encoding: "utf8" },
  );
  return 1 / JSON.parse(out.slice(out.indexOf("{"))).jobs[0][pattern].iops;
}

const megabytes = Number(values.bytes) / 2 ** 20;
const ofSeconds = (amount, unit) => (seconds) => `${(amount / seconds).toFixed(0)} ${unit}`;

/** Rows: name, bound on the ratio, figure for a time, what is timed. Each prepares what it needs for itself. */
const rows = {
  write: [
    [
      `dd write ${megabytes} MiB, bs=1M, fdatasync`,
      1.5,
      ofSeconds(megabytes, "MiB/s"),
      (path) => timed("dd", "if=/dev/zero", `of=${path}/dd`, "bs=1M", `count=${megabytes}`, "conv=fdatasync"),
    ],
  ],
  read: [
    [
      `dd read ${megabytes} MiB, bs=1M`,
      1.5,
      ofSeconds(megabytes, "MiB/s"),
      (path) => timed("dd", `if=${path}/dd`, "of=/dev/null", "bs=1M"),
      (path) => timed("dd", "if=/dev/zero", `of=${path}/dd`, "bs=1M", `count=${megabytes}`, "conv=fdatasync"),
    ],
  ],
  random: ["read", "write"].flatMap((pattern) =>
    [1, 16].map((depth) => [
      `fio random ${pattern}, 4 KiB, direct, depth ${depth}`,
      1.5,
      ofSeconds(1, "IOPS"),
      (path) => fio(path, pattern, depth),
      (path) => timed("dd", "if=/dev/zero", `of=${path}/fio`, "bs=1M", "count=256"),
    ]),
  ),
  untar: [
    [
      `untar ${values.files} files of 1 KiB`,
      2,
      ofSeconds(Number(values.files), "files/s"),
      (path) => timed("tar", "-xf", join(scratch, "small.tar"), "-C", path),
      (path) => rmSync(join(path, "small"), { recursive: true, force: true }),
    ],
  ],
  list: [
    [
      `ls -lR of ${values.entries}`,
      2,
      ofSeconds(Number(values.entries), "entries/s"),
      (path) => timed("ls", "-lR", join(path, "many")),
      (path) => {
        try {
          statSync(join(path, "many"));
        } catch {
          timed("tar", "-xf", join(scratch, "many.tar"), "-C", path);
        }
      },
    ],
  ],
};

function makeTar(name, count, bytes) {
  const from = join(scratch, "tar", name);
  const content = Buffer.alloc(bytes, "x");
  for (let index = 0; index < count; index += 1) {
    const directory = join(from, `d${Math.floor(index / 1_000)}`);
    if (index % 1_000 === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${index}`), content);
  }
  execFileSync("tar", ["-cf", join(scratch, `${name}.tar`), "-C", join(scratch, "tar"), name]);
  rmSync(from, { recursive: true });
}

try {
  if (wanted.includes("untar")) makeTar("small", Number(values.files), 1_024);
  if (wanted.includes("list")) makeTar("many", Number(values.entries), 0);
  const brick = await startBrick("ours", join(scratch, "ours"));
  undos.push(brick.stop);
  const stockPort = Number(values["stock-port"]);
  await startStock(stockPort);
  const paths = {
    ours: mount("ours", new URL(brick.url).port, "ours"),
    stock: mount("stock", stockPort, "stock"),
  };
  console.log("| what | emulator | stock | our time / stock's | bound |\n| --- | --- | --- | --- | --- |");
  for (const [name, bound, figure, work, prepare] of wanted.flatMap((scenario) => rows[scenario])) {
    const seconds = { ours: [], stock: [] };
    for (let run = 0; run < runs; run += 1) {
      for (const side of run % 2 === 0 ? ["ours", "stock"] : ["stock", "ours"]) {
        prepare?.(paths[side]);
        settle();
        seconds[side].push(work(paths[side]));
      }
    }
    const [ours, stock] = [median(seconds.ours), median(seconds.stock)];
    const verdict = ours <= stock * bound ? "met" : "NOT met";
    console.log(
      `| ${name} | ${figure(ours)} | ${figure(stock)} | ${(ours / stock).toFixed(2)} | ${bound}: ${verdict} |`,
    );
  }
} finally {
  for (const undo of undos.toReversed()) await undo();
  rmSync(scratch, { recursive: true, force: true });
}
