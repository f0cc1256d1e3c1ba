import { FileType, OpenFlags } from "@brickshift/wire";
import type { ScriptModel } from "./script-model.js";
import type { Maker, Makers } from "./maker.js";
import type { Written } from "./step.js";

const permissions = [0o644, 0o755, 0o700, 0o600, 0o777, 0o1777, 0o2755, 0o4755, 0o6711, 0];

/** The gfid of the new object, and perhaps xattrs for it; rarely nothing. */
function newXdata(model: ScriptModel, object: number): Written {
  const { random } = model;
  if (random.chance(0.02)) return {};
  const xattr = random.chance(0.1) ? { [random.pick(["trusted.new", "odd.new"])]: "at birth" } : {};
  return { "gfid-req": { gfid: object }, ...xattr };
}

const mkdir: Maker = (model) => {
  const { parent, name } = model.entry(false);
  const object = model.newObject();
  model.made(parent, name, object, "directory");
  const mode = model.random.pick(permissions) | (model.random.chance(0.5) ? FileType.directory : 0);
  return {
    fop: "mkdir",
    input: { pargfid: parent, bname: name, mode, umask: 0o22, xdata: newXdata(model, object) },
  };
};

/** No FIFOs: to open one waits for its other end, and keeps a thread of a stock brick. */
const mknodTypes = [
  [FileType.regular, "file"],
  [FileType.socket, "special"],
  [FileType.character, "special"],
  [FileType.block, "special"],
  [0, "file"],
] as const;

const mknod: Maker = (model) => {
  const { random } = model;
  const { parent, name } = model.entry(false);
  const object = model.newObject();
  const [bits, type] = random.pick(mknodTypes);
  model.made(parent, name, object, type);
  const dev = bits === FileType.character || bits === FileType.block ? random.pick([0x103, 0x801, 0]) : 0;
  const mode = random.pick(permissions) | bits;
  return {
    fop: "mknod",
    input: { pargfid: parent, bname: name, mode, dev, umask: 0o22, xdata: newXdata(model, object) },
  };
};

const symlink: Maker = (model) => {
  const { random } = model;
  const { parent, name } = model.entry(false);
  const object = model.newObject();
  model.made(parent, name, object, "symlink");
  const linkname = random.pick([
    "a",
    "../b",
    "/x/y",
    "t".repeat(300),
    "\u00e9/\udcff",
    random.chance(0.1) ? "" : "z",
  ]);
  return {
    fop: "symlink",
    input: { pargfid: parent, bname: name, linkname, umask: 0o22, xdata: newXdata(model, object) },
  };
};

const create: Maker = (model, client) => {
  const { random } = model;
  // Never at a name that is taken: where a symbolic link has it, a 10.3 brick makes a file behind the link.
  const { parent, name } = { parent: model.object("directory"), name: `file-${random.below(1e6)}` };
  const object = model.newObject();
  const slot = model.newSlot(client);
  if (slot === undefined) return undefined;
  model.made(parent, name, object, "file");
  model.opened(client, slot, object, false);
  const access = random.pick([OpenFlags.rdwr, OpenFlags.rdwr, OpenFlags.wronly, OpenFlags.rdonly]);
  const more = random.pick([OpenFlags.creat, OpenFlags.creat | OpenFlags.excl, OpenFlags.excl, 0]);
  const append = random.chance(0.1) ? OpenFlags.append : 0;
  const truncate = random.chance(0.1) ? OpenFlags.trunc : 0;
  const mode = random.pick(permissions) | (random.chance(0.5) ? FileType.regular : 0);
  const flags = access | more | append | truncate;
  return {
    fop: "create",
    slot,
    input: { pargfid: parent, bname: name, flags, mode, umask: 0o22, xdata: newXdata(model, object) },
  };
};

const link: Maker = (model) => {
  const object = model.object(model.random.chance(0.8) ? "file" : "any");
  const { parent, name } = model.entry(model.random.chance(0.2));
  model.linked(parent, name, object);
  return { fop: "link", input: { oldgfid: object, newgfid: parent, newbname: name } };
};

const unlink: Maker = (model) => {
  const { parent, name } = model.entry(true);
  model.removed(parent, name);
  return { fop: "unlink", input: { pargfid: parent, bname: name, xflags: 0 } };
};

const rmdir: Maker = (model) => {
  const { parent, name } = model.entry(true);
  if (model.random.chance(0.5)) model.removed(parent, name);
  return { fop: "rmdir", input: { pargfid: parent, bname: name, xflags: 0 } };
};

const rename: Maker = (model) => {
  const from = model.entry(true);
  const to = model.entry(model.random.chance(0.4));
  // A 10.3 brick loses an object that is renamed onto one of its own names; kernels never ask for it.
  if (model.isSame(from, to)) return undefined;
  // And the directory that a refused rename would have moved into itself or onto a file.
  if (model.isMisplaced(from, to)) return undefined;
  model.renamed(from, to);
  return {
    fop: "rename",
    input: { oldgfid: from.parent, oldbname: from.name, newgfid: to.parent, newbname: to.name },
  };
};

const readlink: Maker = (model) => ({
  fop: "readlink",
  input: { gfid: model.object("symlink"), size: model.random.pick([4096, 4096, 1, 0]) },
});

const asked = ["user.a", "trusted.b", "glusterfs.open-fd-count", "trusted.gfid", "list-xattr"];

/** Keys that a request asks for in its xdata, mostly none. */
export function askedXdata(model: ScriptModel): { readonly xdata?: Written } {
  const { random } = model;
  if (random.chance(0.6)) return {};
  if (random.chance(0.2)) return { xdata: { "glusterfs.content": random.pick([65_536, 100]) } };
  return { xdata: { [random.pick(asked)]: 0 } };
}

const lookup: Maker = (model) => {
  const { random } = model;
  if (random.chance(0.25)) {
    return {
      fop: "lookup",
      input: { gfid: model.object("any"), pargfid: -1, bname: "", ...askedXdata(model) },
    };
  }
  const { parent, name } = model.entry(random.chance(0.8));
  return {
    fop: "lookup",
    input: {
      gfid: random.chance(0.2) ? model.object("any") : -1,
      pargfid: parent,
      bname: name,
      ...askedXdata(model),
    },
  };
};

const opendir: Maker = (model, client) => {
  const slot = model.newSlot(client);
  if (slot === undefined) return undefined;
  const object = model.object("directory");
  model.opened(client, slot, object, true);
  return { fop: "opendir", slot, input: { gfid: object } };
};

const readdir: Maker = (model, client) => ({
  fop: "readdir",
  untilEnd: true,
  input: { ...model.fd(client, "directory"), offset: 0, size: model.random.pick([4096, 131_072]) },
});

const readdirp: Maker = (model, client) => ({
  fop: "readdirp",
  untilEnd: true,
  input: {
    ...model.fd(client, "directory"),
    offset: 0,
    size: model.random.pick([4096, 131_072]),
    ...askedXdata(model),
  },
});

const fsyncdir: Maker = (model, client) => ({
  fop: "fsyncdir",
  input: { ...model.fd(client, "directory"), data: model.random.below(2) },
});

const releasedir: Maker = (model, client) => {
  const { fd, gfid } = model.fd(client, "directory");
  if (fd < 0 || !model.isDirectory(gfid) || model.isPinned(client, fd)) return undefined;
  model.released(client, fd);
  return { fop: "releasedir", input: { fd, gfid } };
};

/** Fops on names and directories, with how often each comes. */
export const entryMakers: Makers = [
  [8, mkdir],
  [6, mknod],
  [4, symlink],
  [12, create],
  [6, link],
  [7, unlink],
  [5, rmdir],
  [9, rename],
  [3, readlink],
  [9, lookup],
  [4, opendir],
  [3, readdir],
  [3, readdirp],
  [1, fsyncdir],
  [1, releasedir],
];
