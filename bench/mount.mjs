/**
 * What a user of a mount feels: the stock FUSE client on a brick of the emulator beside the same client on a stock brick, on one disk, in
 * one run, in turn. Needs a build, root, and what test/interop/install installs.
 *
 *   node bench/mount.mjs [write] [read] [random] [untar] [list] [--runs N] [--bytes N] [--files N] [--entries N]
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
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
  },
});
const wanted = positionals.length === 0 ? ["write", "read", "random", "untar", "list"] : positionals;
const runs = Number(values.runs);
const ENTRIES_PER_DIRECTORY = 1_000;
const entries = Math.ceil(Number(values.entries) / ENTRIES_PER_DIRECTORY) * ENTRIES_PER_DIRECTORY;
const scratch = mkdtempSync(join(tmpdir(), "brickshift-mount-"));
const undos = [];
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

function mount(name, port, subvolume) {
  const volfile = join(scratch, `${name}.vol`);
  const options = [
    "transport-type tcp",
    "transport.address-family inet",
    "remote-host 127.0.0.1",
    `remote-port ${port}`,
    `remote-subvolume ${subvolume}`,
    // Node cannot align a buffer: our brick goes through the page cache, and the stock one is not to do more.
    "filter-O_DIRECT on",
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

/** A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
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
    ["stock", "performance/io-threads"],
    [
      "server",
      "protocol/server",
      "option transport-type tcp",
      "option transport.address-family inet",
      "option transport.socket.bind-address 127.0.0.1",
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
    if (isUp) return child.pid;
    spawnSync("sleep", ["0.1"]);
  }
  throw new Error("the stock brick does not listen");
}

/** Runs a command that does `count` things. */
function timed(count, command, ...args) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return { seconds: (performance.now() - startedAt) / 1_000, count };
}

/** Seconds of processor that a process and its threads have used, in the kernel and out of it. */
function processorSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
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
  const { runtime, total_ios: count } = JSON.parse(out.slice(out.indexOf("{"))).jobs[0][pattern];
  return { seconds: runtime / 1_000, count };
}

const megabytes = Number(values.bytes) / 2 ** 20;
const perSecond = (unit) => (seconds) => `${(1 / seconds).toFixed(0)} ${unit}`;

/** Makes the file of the random reads and writes, once. */
function fillFio(path) {
  if (!existsSync(`${path}/fio`)) timed(256, "dd", "if=/dev/zero", `of=${path}/fio`, "bs=1M", "count=256");
}

/** Makes what is listed, once: one file after the other would take an hour where each waits for the disk. */
function fill(path) {
  const root = join(path, "many");
  if (existsSync(root)) return;
  mkdirSync(root);
  const script = `mkdir "$1" && cd "$1" && seq -f f%.0f 1 ${ENTRIES_PER_DIRECTORY} | xargs touch`;
  const directories = Array.from({ length: entries / ENTRIES_PER_DIRECTORY }, (_, index) =>
    join(root, `d${index}`),
  );
  execFileSync("xargs", ["-P", "32", "-n", "1", "sh", "-ec", script, "sh"], {
    input: directories.join("\n"),
  });
}

/** Rows: name, bound on the ratio, figure for the seconds of one thing, what is timed. Each prepares what it needs for itself. */
const rows = {
  write: [
    [
      `dd write ${megabytes} MiB, bs=1M, fdatasync`,
      1.5,
      perSecond("MiB/s"),
      (path) =>
        timed(
          megabytes,
          "dd",
          "if=/dev/zero",
          `of=${path}/dd`,
          "bs=1M",
          `count=${megabytes}`,
          "conv=fdatasync",
        ),
    ],
  ],
  read: [
    [
      `dd read ${megabytes} MiB, bs=1M`,
      1.5,
      perSecond("MiB/s"),
      (path) => timed(megabytes, "dd", `if=${path}/dd`, "of=/dev/null", "bs=1M"),
      (path) =>
        timed(
          megabytes,
          "dd",
          "if=/dev/zero",
          `of=${path}/dd`,
          "bs=1M",
          `count=${megabytes}`,
          "conv=fdatasync",
        ),
    ],
  ],
  random: ["read", "write"].flatMap((pattern) =>
    [1, 16].map((depth) => [
      `fio random ${pattern}, 4 KiB, direct, depth ${depth}`,
      1.5,
      perSecond("IOPS"),
      (path) => fio(path, pattern, depth),
      fillFio,
    ]),
  ),
  untar: [
    [
      `untar ${values.files} files of 1 KiB`,
      2,
      perSecond("files/s"),
      (path) => timed(Number(values.files), "tar", "-xf", join(scratch, "small.tar"), "-C", path),
      (path) => rmSync(join(path, "small"), { recursive: true, force: true }),
    ],
  ],
  list: [
    [
      `ls -lR of ${entries}`,
      2,
      perSecond("entries/s"),
      (path) => timed(entries, "ls", "-lR", join(path, "many")),
      fill,
    ],
  ],
};

function makeTar() {
  const from = join(scratch, "tar", "small");
  const content = Buffer.alloc(1_024, "x");
  for (let index = 0; index < Number(values.files); index += 1) {
    const directory = join(from, `d${Math.floor(index / 1_000)}`);
    if (index % 1_000 === 0) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${index}`), content);
  }
  execFileSync("tar", ["-cf", join(scratch, "small.tar"), "-C", join(scratch, "tar"), "small"]);
  rmSync(from, { recursive: true });
}

try {
  if (wanted.includes("untar")) makeTar();
  const brick = await startBrick("ours", join(scratch, "ours"));
  undos.push(brick.stop);
  const stockPort = await freePort();
  const stockPid = await startStock(stockPort);
  const sides = {
    ours: { path: mount("ours", new URL(brick.url).port, "ours"), pid: brick.pid },
    stock: { path: mount("stock", stockPort, "stock"), pid: stockPid },
  };
  console.log("| what | emulator | stock | our time / stock's | bound | brick's CPU, emulator / stock |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [name, bound, figure, work, prepare] of wanted.flatMap((scenario) => rows[scenario])) {
    const units = { ours: [], stock: [] };
    const processor = { ours: [], stock: [] };
    for (let run = 0; run < runs; run += 1) {
      for (const side of run % 2 === 0 ? ["ours", "stock"] : ["stock", "ours"]) {
        const { path, pid } = sides[side];
        prepare?.(path);
        settle();
        const before = processorSeconds(pid);
        const { seconds, count } = work(path);
        units[side].push(seconds / count);
        processor[side].push((processorSeconds(pid) - before) / count);
      }
    }
    const [ours, stock] = [median(units.ours), median(units.stock)];
    const verdict = ours <= stock * bound ? "met" : "NOT met";
    const cpu = [median(processor.ours), median(processor.stock)];
    const spent = cpu.map((seconds) => `${(seconds * 1_000_000).toFixed(0)} µs`).join(" / ");
    console.log(
      `| ${name} | ${figure(ours)} | ${figure(stock)} | ${(ours / stock).toFixed(2)} | ${bound}: ${verdict} | ${spent} |`,
    );
  }
} finally {
  for (const undo of undos.toReversed()) await undo();
  rmSync(scratch, { recursive: true, force: true });
}
