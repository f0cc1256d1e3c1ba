import { bytesValue, FileType, NULL_GFID, OpenFlags } from "@brickshift/wire";
import type { NameAct } from "./cases.js";
import { make } from "./making.js";
import { encodeAcl } from "./posix-acl.js";
import { ACCESS_ACL, DEFAULT_ACL, type Stage } from "./stage.js";

const UMASK = 0o022;

/** What is done to names. */
export const nameActs: Readonly<Record<NameAct, (stage: Stage) => Promise<void>>> = {
  unlink: (stage) => unlink(stage, "object"),
  rmdir: (stage) => rmdir(stage, "object"),
  rename: (stage) => rename(stage, "object", "new"),
  link: (stage) => link(stage, "new"),
  async create(stage) {
    await make(stage, "create", "a", { mode: 0o6666 });
    await make(stage, "create", "b", { mode: 0o666, umask: UMASK });
  },
  async mkdir(stage) {
    await make(stage, "mkdir", "a", { mode: 0o7777 });
    await make(stage, "mkdir", "b", { mode: 0o777, umask: UMASK });
  },
  async mknod(stage) {
    await make(stage, "mknod", "a", { mode: FileType.regular | 0o6777 });
    await make(stage, "mknod", "b", { mode: FileType.fifo | 0o6777, umask: UMASK });
  },
  symlink: (stage) => make(stage, "symlink", "a", { umask: UMASK }),
  async "make-existing"(stage) {
    const flags = { create: 2, excl: 2 | OpenFlags.excl, trunc: 1 | OpenFlags.trunc, rd: 0 };
    for (const [label, value] of Object.entries(flags))
      await make(stage, "create", "object", { flags: value }, label);
    for (const kind of ["mkdir", "mknod", "symlink"] as const) await make(stage, kind, "object");
  },
  async "xdata-acl"(stage) {
    const acl = bytesValue(
      encodeAcl([
        ["owner", 7],
        ["user", 4, 1005],
        ["group", 6],
        ["mask", 7],
        ["other", 0],
      ]),
    );
    const access = new Map([[ACCESS_ACL, acl]]);
    const both = new Map([...access, [DEFAULT_ACL, acl]]);
    await make(stage, "mkdir", "directory", { mode: 0o757, umask: UMASK, xdata: both });
    await make(stage, "mknod", "file", { mode: 0o757, umask: UMASK, xdata: access });
  },
  async names(stage) {
    for (const length of [255, 256]) await useLongName(stage, "n".repeat(length));
    for (const length of [255, 1023, 4095, 4096])
      await make(stage, "symlink", `t${length}`, { linkname: "t".repeat(length) }, `target${length}`);
    // Bytes that are not UTF-8.
    const odd = "\udcff-\udc80";
    await make(stage, "create", odd, {}, "odd");
    await lookup(stage, odd);
    for (const dots of [".", ".."]) {
      await make(stage, "mkdir", dots);
      await rmdir(stage, dots);
    }
  },
};

async function useLongName(stage: Stage, name: string): Promise<void> {
  await lookup(stage, name);
  await make(stage, "create", name);
  await unlink(stage, name);
  await make(stage, "mkdir", name);
  await rmdir(stage, name);
  await make(stage, "mknod", name);
  await rename(stage, name, "short");
  await rename(stage, "short", name);
  await make(stage, "symlink", `${name.slice(1)}s`);
  if (stage.given.object !== undefined) await link(stage, `${name.slice(1)}l`);
}

async function lookup(stage: Stage, bname: string): Promise<void> {
  const request = { gfid: NULL_GFID, pargfid: stage.parent, bname };
  await stage.attempt("lookup", () => stage.fops.lookup(request, stage.options));
}

async function unlink(stage: Stage, bname: string): Promise<void> {
  const request = { pargfid: stage.parent, bname };
  await stage.attempt("unlink", () => stage.fops.unlink(request, stage.options));
}

async function rmdir(stage: Stage, bname: string): Promise<void> {
  const request = { pargfid: stage.parent, bname };
  await stage.attempt("rmdir", () => stage.fops.rmdir(request, stage.options));
}

async function rename(stage: Stage, oldbname: string, newbname: string): Promise<void> {
  const request = { oldgfid: stage.parent, oldbname, newgfid: stage.elsewhere, newbname };
  await stage.attempt("rename", () => stage.fops.rename(request, stage.options));
}

async function link(stage: Stage, newbname: string): Promise<void> {
  const request = { oldgfid: stage.object, newgfid: stage.elsewhere, newbname };
  await stage.attempt("link", () => stage.fops.link(request, stage.options));
}
