import { EntrylkCmd, LkCmd, LockType } from "@brickshift/wire";
import type { Maker, Makers } from "./maker.js";
import type { ScriptModel } from "./script-model.js";
import type { Written } from "./step.js";

const starts = [0, 0, 10, 50, 100];
const lens = [0, 1, 10, 50, 100];
const domains = ["dht.file.migrate", "dht.layout.heal"];

function range(model: ScriptModel, cmd: number): { readonly [field: string]: Written } {
  const { random } = model;
  const type = random.pick([LockType.read, LockType.write, LockType.write, LockType.unlock, LockType.unlock]);
  const flock = { type, whence: 0, start: random.pick(starts), len: random.pick(lens), pid: 7 };
  return { cmd, type, flock };
}

/** Locks that would wait are left out: what a brick has not answered yet, no test can tell from what it never will. */
const lk: Maker = (model, client) => {
  const { fd, gfid } = model.fd(client, "file");
  // Locks of the anonymous fd no RELEASE ends on a 10.3 brick.
  if (fd < 0) return undefined;
  // Nor those of a directory's fd.
  if (model.isDirectory(gfid)) model.pin(client, fd);
  const cmd = model.random.pick([LkCmd.setlk, LkCmd.setlk, LkCmd.getlk]);
  return { fop: "lk", input: { fd, gfid, ...range(model, cmd) } };
};

/** On the script's own directory: the removal of an object that somebody has locked waits on a 10.3 brick. */
const inodelk: Maker = (model) => ({
  fop: "inodelk",
  input: {
    gfid: 0,
    ...range(model, LkCmd.setlk),
    volume: model.random.pick(domains),
  },
});

const finodelk: Maker = (model) => ({
  fop: "finodelk",
  input: { fd: -2, gfid: 0, ...range(model, LkCmd.setlk), volume: model.random.pick(domains) },
});

function named(model: ScriptModel): { readonly [field: string]: Written } {
  const { random } = model;
  return {
    cmd: random.pick([EntrylkCmd.lockNonBlocking, EntrylkCmd.lockNonBlocking, EntrylkCmd.unlock]),
    type: random.pick([0, 1]),
    name: random.chance(0.2) ? "" : model.name(),
    volume: random.pick(domains),
  };
}

const entrylk: Maker = (model) => ({
  fop: "entrylk",
  input: { gfid: model.object("directory"), ...named(model) },
});

const fentrylk: Maker = (model, client) => ({
  fop: "fentrylk",
  input: { ...model.fd(client, "directory"), ...named(model) },
});

const getactivelk: Maker = (model) => ({ fop: "getactivelk", input: { gfid: model.object("file") } });

/** Fops on locks, with how often each comes. */
export const lockMakers: Makers = [
  [7, lk],
  [4, inodelk],
  [1, finodelk],
  [4, entrylk],
  [1, fentrylk],
  [2, getactivelk],
];
