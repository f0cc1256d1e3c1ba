import { FileType } from "@brickshift/wire";
import { askedXdata } from "./generate-entries.js";
import type { Maker, Makers } from "./maker.js";
import type { ScriptModel } from "./script-model.js";
import type { Written } from "./step.js";

const valids = [0x1, 0x1, 0x2, 0x4, 0x6, 0x7, 0x10, 0x20, 0x30, 0x37, 0x80, 0x100, 0x1b0, 0];

function attributes(model: ScriptModel): { readonly [field: string]: Written } {
  const { random } = model;
  const mode = random.pick([0o644, 0o600, 0o755, 0o1777, 0o6755, 0o2711, 0]);
  return {
    stbuf: {
      mode: mode | random.pick([0, FileType.regular, FileType.directory]),
      uid: random.pick([0, 1000, 65_534]),
      gid: random.pick([0, 1000, 65_534]),
      size: random.pick([0, 10, 5000]),
      atime: 1_000_000 + random.below(1000),
      mtime: 2_000_000 + random.below(1000),
      atimeNsec: 123_456_789,
      mtimeNsec: 987_654_321,
    },
    valid: random.pick(valids),
  };
}

const setattr: Maker = (model) => ({
  fop: "setattr",
  input: { gfid: model.object("any"), ...attributes(model) },
});

/** On an fd: by the anonymous one a device crashes a 10.3 brick. */
const fsetattr: Maker = (model, client) => {
  const { fd, gfid } = model.fd(client, model.random.chance(0.8) ? "file" : "directory");
  return fd < 0 ? undefined : { fop: "fsetattr", input: { fd, gfid, ...attributes(model) } };
};

const stat: Maker = (model) => ({ fop: "stat", input: { gfid: model.object("any"), ...askedXdata(model) } });

const fstat: Maker = (model, client) => ({
  fop: "fstat",
  input: { ...model.fd(client, model.random.chance(0.8) ? "file" : "directory"), ...askedXdata(model) },
});

const access: Maker = (model) => ({
  fop: "access",
  input: { gfid: model.object("any"), mask: model.random.pick([0, 1, 2, 4, 7, 8, 255]) },
});

const statfs: Maker = () => ({ fop: "statfs", input: { gfid: 0 } });

const xattrNames = ["user.a", "user.b", "trusted.b", "trusted.glusterfs.x", "security.c", "user.\u00e9"];
const oddXattrNames = ["odd", "user.", "system.d", "user.odd/name", `user.${"n".repeat(251)}`];

function xattrName(model: ScriptModel): string {
  return model.random.pick(model.random.chance(0.1) ? oddXattrNames : xattrNames);
}

const values = ["", "v", "some value", "\u0000\u0001\u0002", "w".repeat(300)];

function xattrs(model: ScriptModel): Written {
  const { random } = model;
  // Of several a 10.3 brick may set some and refuse others; ours sets all or none.
  return random.chance(0.03) ? {} : { [xattrName(model)]: random.pick(values) };
}

const setxattr: Maker = (model) => ({
  fop: "setxattr",
  input: {
    gfid: model.object("any"),
    flags: model.random.pick([0, 0, 0, 1, 2, 3, 4]),
    dict: xattrs(model),
  },
});

const anyFd = (model: ScriptModel, client: number) =>
  model.fd(client, model.random.chance(0.8) ? "file" : "directory");

const fsetxattr: Maker = (model, client) => ({
  fop: "fsetxattr",
  input: { ...anyFd(model, client), flags: model.random.pick([0, 0, 1, 2]), dict: xattrs(model) },
});

/** To be read only: a 10.3 brick lets `trusted.gfid` be overwritten or removed, and then has lost the object. */
const wanted = (model: ScriptModel) =>
  model.random.chance(0.3) ? "" : model.random.chance(0.02) ? "trusted.gfid" : xattrName(model);

const getxattr: Maker = (model) => ({
  fop: "getxattr",
  input: { gfid: model.object("any"), name: wanted(model) },
});

const fgetxattr: Maker = (model, client) => ({
  fop: "fgetxattr",
  input: { ...anyFd(model, client), name: wanted(model) },
});

const removexattr: Maker = (model) => ({
  fop: "removexattr",
  input: { gfid: model.object("any"), name: model.random.chance(0.02) ? "" : xattrName(model) },
});

const fremovexattr: Maker = (model, client) => ({
  fop: "fremovexattr",
  input: { ...anyFd(model, client), name: xattrName(model) },
});

function counters(model: ScriptModel): { readonly [field: string]: Written } {
  const { random } = model;
  const hex = random.pick(["0000000000000001000000000000000200000000", "ffffffffffffffff0000000100000000"]);
  const flags = random.pick([0, 0, 1]);
  // Each operation has names of its own, as a value of another length is not added to.
  const name = `trusted.afr.${flags}`;
  return { flags, dict: { [name]: { hex: hex.slice(0, flags === 0 ? 24 : 32) } } };
}

const xattrop: Maker = (model) => ({
  fop: "xattrop",
  input: { gfid: model.object("any"), ...counters(model) },
});

const fxattrop: Maker = (model, client) => ({
  fop: "fxattrop",
  input: { ...anyFd(model, client), ...counters(model) },
});

/** Fops on attributes and extended attributes, with how often each comes. */
export const attributeMakers: Makers = [
  [6, setattr],
  [3, fsetattr],
  [4, stat],
  [3, fstat],
  [2, access],
  [1, statfs],
  [6, setxattr],
  [2, fsetxattr],
  [4, getxattr],
  [2, fgetxattr],
  [2, removexattr],
  [1, fremovexattr],
  [2, xattrop],
  [1, fxattrop],
];
