import { OpenFlags } from "@brickshift/wire";
import type { Maker, Makers } from "./maker.js";
import type { ScriptModel } from "./script-model.js";

const offsets = [0, 0, 1, 10, 100, 4095, 4096, 5000, 8192, 20_000, 65_536, 131_072];
const lengths = [0, 1, 7, 100, 512, 4096, 5000, 10_000, 65_536];
const hugeOffsets = [2 ** 31, 2 ** 32 + 1, 2 ** 40, 2 ** 44 - 4096, 2 ** 44, 2 ** 50, 2 ** 53 - 1];

function offset(model: ScriptModel): number {
  return model.random.pick(model.random.chance(0.04) ? hugeOffsets : offsets);
}

const length = (model: ScriptModel) => model.random.pick(lengths);

const open: Maker = (model, client) => {
  const { random } = model;
  const slot = model.newSlot(client);
  if (slot === undefined) return undefined;
  const object = model.object("file");
  // A 10.3 brick lets it through, so that the script would end.
  if (model.isDirectory(object) && random.chance(0.98)) return undefined;
  model.opened(client, slot, object, false);
  const access = random.pick([OpenFlags.rdwr, OpenFlags.rdwr, OpenFlags.wronly, OpenFlags.rdonly]);
  const more = [OpenFlags.append, OpenFlags.trunc, OpenFlags.excl, OpenFlags.creat];
  const odd = [OpenFlags.nofollow, OpenFlags.largefile, OpenFlags.sync, OpenFlags.noatime, OpenFlags.cloexec];
  const flags = access | (random.chance(0.3) ? random.pick([...more, ...odd]) : 0);
  return { fop: "open", slot, input: { gfid: object, flags } };
};

const read: Maker = (model, client) => ({
  fop: "read",
  input: { ...model.fd(client, "file"), offset: offset(model), size: length(model) },
});

const write: Maker = (model, client) => ({
  fop: "write",
  input: {
    ...model.fd(client, "file"),
    offset: offset(model),
    payload: { byte: 1 + model.random.below(255), length: length(model) },
  },
});

const truncate: Maker = (model) => ({
  fop: "truncate",
  input: { gfid: model.object("file"), offset: offset(model) },
});

const ftruncate: Maker = (model, client) => ({
  fop: "ftruncate",
  input: { ...model.fd(client, "file"), offset: offset(model) },
});

/** Ends beyond 1 MiB only where they are refused: room on the disk is not the question here. */
const fallocate: Maker = (model, client) => ({
  fop: "fallocate",
  input: {
    ...model.fd(client, "file"),
    flags: model.random.pick([0, 0, 1, 1, 2, 3]),
    offset: model.random.pick(offsets),
    size: model.random.chance(0.03) ? 2 ** 53 - 1 : length(model),
  },
});

const discard: Maker = (model, client) => ({
  fop: "discard",
  input: { ...model.fd(client, "file"), offset: offset(model), size: length(model) },
});

const zerofill: Maker = (model, client) => ({
  fop: "zerofill",
  input: { ...model.fd(client, "file"), offset: model.random.pick(offsets), size: length(model) },
});

const seek: Maker = (model, client) => ({
  fop: "seek",
  input: { ...model.fd(client, "file"), offset: offset(model), what: model.random.pick([0, 0, 1, 1, 2, -1]) },
});

const flush: Maker = (model, client) => ({ fop: "flush", input: model.fd(client, "file") });

const fsync: Maker = (model, client) => ({
  fop: "fsync",
  input: { ...model.fd(client, "file"), data: model.random.below(2) },
});

const rchecksum: Maker = (model, client) => ({
  fop: "rchecksum",
  input: { ...model.fd(client, "file"), offset: offset(model), len: length(model), flags: 0 },
});

const copyFileRange: Maker = (model, client) => {
  const from = model.fd(client, "file");
  const to = model.fd(client, "file");
  // A 10.3 brick never lets go of the fds of this fop: no anonymous ones, and none that is closed again.
  if (from.fd < 0 || to.fd < 0) return undefined;
  model.pin(client, from.fd);
  model.pin(client, to.fd);
  return {
    fop: "copyFileRange",
    input: {
      gfid1: from.gfid,
      gfid2: to.gfid,
      fdIn: from.fd,
      fdOut: to.fd,
      offIn: offset(model),
      offOut: offset(model),
      size: length(model),
      flag: model.random.chance(0.05) ? 1 : 0,
    },
  };
};

const release: Maker = (model, client) => {
  const { fd, gfid } = model.fd(client, "file");
  // Nor is a directory closed by this fop.
  if (fd < 0 || model.isDirectory(gfid) || model.isPinned(client, fd)) return undefined;
  model.released(client, fd);
  return { fop: "release", input: { fd, gfid } };
};

/** Fops on data, with how often each comes. */
export const dataMakers: Makers = [
  [9, open],
  [7, read],
  [12, write],
  [4, truncate],
  [4, ftruncate],
  [3, fallocate],
  [3, discard],
  [3, zerofill],
  [3, seek],
  [2, flush],
  [1, fsync],
  [2, rchecksum],
  [3, copyFileRange],
  [3, release],
];
