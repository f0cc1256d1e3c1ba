import { bytesValue, NO_IATT, NULL_GFID, OpenFlags, SetattrValid as V } from "@brickshift/wire";
import { callers, type ObjectAct } from "./cases.js";
import { encodeAcl } from "./posix-acl.js";
import { ACCESS_ACL, DEFAULT_ACL, type Stage } from "./stage.js";

/** What is done to an object. */
export const objectActs: Readonly<Record<ObjectAct, (stage: Stage) => Promise<void>>> = {
  async look(stage) {
    const gfid = stage.object;
    await stage.attempt("lookup", () =>
      stage.fops.lookup({ gfid: NULL_GFID, pargfid: stage.parent, bname: "object" }, stage.options),
    );
    await stage.attempt("by-gfid", () =>
      stage.fops.lookup({ gfid, pargfid: NULL_GFID, bname: "" }, stage.options),
    );
    await stage.attempt("missing", () =>
      stage.fops.lookup({ gfid: NULL_GFID, pargfid: stage.parent, bname: "missing" }, stage.options),
    );
    await stage.attempt("stat", () => stage.fops.stat({ gfid }, stage.options));
    for (const mask of [0, 1, 2, 4, 3, 5, 6, 7])
      await stage.attempt(`access${mask}`, () => stage.fops.access({ gfid, mask }, stage.options));
    await stage.attempt("getxattr", () => stage.fops.getxattr({ gfid, name: "user.x" }, stage.options));
    await stage.attempt("list", () => stage.fops.getxattr({ gfid, name: "" }, stage.options));
    await stage.attempt("acl", () => stage.fops.getxattr({ gfid, name: ACCESS_ACL }, stage.options));
    await stage.attempt("trusted", () => stage.fops.getxattr({ gfid, name: "trusted.gfid" }, stage.options));
    await stage.attempt("pathinfo", () =>
      stage.fops.getxattr({ gfid, name: "trusted.glusterfs.pathinfo" }, stage.options),
    );
    await stage.attempt("readlink", () => stage.fops.readlink({ gfid, size: 4096 }, stage.options));
    await stage.attempt("statfs", () => stage.fops.statfs({ gfid }, stage.options));
  },
  async open(stage) {
    const gfid = stage.object;
    if (stage.given.object?.type === "directory") {
      await stage.attempt("opendir", () => stage.fops.opendir({ gfid }, stage.options));
      return;
    }
    if (stage.given.object?.type === "fifo") return;
    for (const [label, flags] of [
      ["rd", 0],
      ["wr", 1],
      ["rdwr", 2],
      ["exec", 0x20],
      ["append", OpenFlags.wronly | OpenFlags.append],
      ["rd-trunc", OpenFlags.trunc],
      ["acc3", 3],
    ] as const)
      await stage.attempt(label, () => stage.fops.open({ gfid, flags }, stage.options));
  },
  async "open-truncate"(stage) {
    const gfid = stage.object;
    if (stage.given.object?.type === "fifo") return;
    await stage.attempt("open", () =>
      stage.fops.open({ gfid, flags: OpenFlags.wronly | OpenFlags.trunc }, stage.options),
    );
  },
  async append(stage) {
    const gfid = stage.object;
    await stage.attempt("anonymous-write", () =>
      stage.fops.write({ gfid, fd: -2n, offset: 0, payload: Buffer.from("ab") }, stage.options),
    );
    await stage.attempt("anonymous-read", () =>
      stage.fops.read({ gfid, fd: -2n, offset: 0, size: 10 }, stage.options),
    );
  },
  async truncate(stage) {
    const gfid = stage.object;
    await stage.attempt("truncate", () => stage.fops.truncate({ gfid, offset: 3 }, stage.options));
  },
  async chmod(stage) {
    await set(stage, { mode: 0o4751 }, V.mode);
  },
  async "same-mode"(stage) {
    await set(stage, { mode: stage.given.object?.mode ?? 0 }, V.mode);
  },
  async "chmod-setgid"(stage) {
    await set(stage, { mode: 0o2775 }, V.mode);
  },
  async chown(stage) {
    await set(stage, { uid: callers[stage.given.caller].uid }, V.uid);
  },
  async "chgrp-own"(stage) {
    await set(stage, { gid: callers[stage.given.caller].gid }, V.gid);
  },
  async "chgrp-other"(stage) {
    await set(stage, { gid: 2002 }, V.gid);
  },
  async "chown-same"(stage) {
    await set(stage, { uid: 1001, gid: 2001 }, V.uid | V.gid);
  },
  async utimes(stage) {
    await set(stage, { atime: 1, mtime: 1 }, V.atime | V.mtime);
  },
  async "utimes-now"(stage) {
    await set(stage, { atime: 1, mtime: 1 }, V.atime | V.mtime | V.atimeNow | V.mtimeNow);
  },
  async resize(stage) {
    await set(stage, { size: 7 }, V.size);
  },
  async heal(stage) {
    await set(stage, { mode: 0o755, uid: 1008, gid: 2008 }, -1);
  },
  async xattrop(stage) {
    const gfid = stage.object;
    await stage.attempt("xattrop", () =>
      stage.fops.xattrop(
        { gfid, flags: 0, dict: new Map([["trusted.count", bytesValue(Uint8Array.of(0, 0, 0, 1))]]) },
        stage.options,
      ),
    );
  },
  async "set-user"(stage) {
    await setXattr(stage, "user.y", Buffer.from("2"));
  },
  async "set-trusted"(stage) {
    await setXattr(stage, "trusted.y", Buffer.from("2"));
  },
  async "set-security"(stage) {
    await setXattr(stage, "security.y", Buffer.from("2"));
  },
  async "set-acl"(stage) {
    await setXattr(
      stage,
      ACCESS_ACL,
      encodeAcl([
        ["owner", 6],
        ["user", 6, 1004],
        ["group", 5],
        ["mask", 4],
        ["other", 1],
      ]),
    );
    await setXattr(
      stage,
      DEFAULT_ACL,
      encodeAcl([
        ["owner", 6],
        ["group", 5],
        ["other", 1],
      ]),
    );
  },
  async "remove-user"(stage) {
    const gfid = stage.object;
    await stage.attempt("remove", () => stage.fops.removexattr({ gfid, name: "user.x" }, stage.options));
  },
  async "remove-acl"(stage) {
    const gfid = stage.object;
    await stage.attempt("remove", () => stage.fops.removexattr({ gfid, name: ACCESS_ACL }, stage.options));
    await stage.attempt("default", () => stage.fops.removexattr({ gfid, name: DEFAULT_ACL }, stage.options));
  },
  async "with-root-fd"(stage) {
    const gfid = stage.object;
    if (stage.given.object?.type === "directory") {
      const { fd } = await stage.fops.opendir({ gfid });
      await stage.attempt("readdir", () =>
        stage.fops.readdir({ gfid, fd, offset: 0n, size: 4096 }, stage.options),
      );
      await stage.attempt("readdirp", () =>
        stage.fops.readdirp({ gfid, fd, offset: 0n, size: 4096 }, stage.options),
      );
      await stage.attempt("fsyncdir", () => stage.fops.fsyncdir({ gfid, fd, data: 0 }, stage.options));
      await stage.attempt("fsetattr", () =>
        stage.fops.fsetattr({ gfid, fd, stbuf: { ...NO_IATT, mode: 0o711 }, valid: V.mode }, stage.options),
      );
      return;
    }
    if (stage.given.object?.type !== "file") return;
    const { fd } = await stage.fops.open({ gfid, flags: 2 });
    await stage.attempt("read", () => stage.fops.read({ gfid, fd, offset: 0, size: 10 }, stage.options));
    await stage.attempt("write", () =>
      stage.fops.write({ gfid, fd, offset: 0, payload: Buffer.from("abc") }, stage.options),
    );
    await stage.attempt("ftruncate", () => stage.fops.ftruncate({ gfid, fd, offset: 5 }, stage.options));
    await stage.attempt("fallocate", () =>
      stage.fops.fallocate({ gfid, fd, flags: 0, offset: 0, size: 9 }, stage.options),
    );
    await stage.attempt("discard", () => stage.fops.discard({ gfid, fd, offset: 0, size: 2 }, stage.options));
    await stage.attempt("zerofill", () =>
      stage.fops.zerofill({ gfid, fd, offset: 0, size: 2 }, stage.options),
    );
    await stage.attempt("fstat", () => stage.fops.fstat({ gfid, fd }, stage.options));
    await stage.attempt("fsync", () => stage.fops.fsync({ gfid, fd, data: 0 }, stage.options));
    await stage.attempt("seek", () => stage.fops.seek({ gfid, fd, offset: 0, what: 1 }, stage.options));
    await stage.attempt("fgetxattr", () => stage.fops.fgetxattr({ gfid, fd, name: "user.x" }, stage.options));
    await stage.attempt("fsetxattr", () =>
      stage.fops.fsetxattr(
        { gfid, fd, flags: 0, dict: new Map([["user.z", bytesValue(Buffer.from("1"))]]) },
        stage.options,
      ),
    );
    await stage.attempt("fsetacl", () =>
      stage.fops.fsetxattr(
        {
          gfid,
          fd,
          flags: 0,
          dict: new Map([
            [
              ACCESS_ACL,
              bytesValue(
                encodeAcl([
                  ["owner", 7],
                  ["group", 5],
                  ["other", 1],
                ]),
              ),
            ],
          ]),
        },
        stage.options,
      ),
    );
    await stage.attempt("fremovexattr", () =>
      stage.fops.fremovexattr({ gfid, fd, name: "user.x" }, stage.options),
    );
    await stage.attempt("fsetattr", () =>
      stage.fops.fsetattr({ gfid, fd, stbuf: { ...NO_IATT, mode: 0o711 }, valid: V.mode }, stage.options),
    );
    await stage.attempt("futimes", () =>
      stage.fops.fsetattr({ gfid, fd, stbuf: { ...NO_IATT, mtime: 5 }, valid: V.mtime }, stage.options),
    );
    await stage.attempt("fchown", () =>
      stage.fops.fsetattr(
        { gfid, fd, stbuf: { ...NO_IATT, uid: callers[stage.given.caller].uid }, valid: V.uid },
        stage.options,
      ),
    );
    await stage.fops.release({ gfid, fd });
  },
};

async function set(stage: Stage, stbuf: Partial<typeof NO_IATT>, valid: number): Promise<void> {
  const request = { gfid: stage.object, stbuf: { ...NO_IATT, ...stbuf }, valid };
  await stage.attempt("setattr", () => stage.fops.setattr(request, stage.options));
}

async function setXattr(stage: Stage, name: string, value: Uint8Array): Promise<void> {
  const request = { gfid: stage.object, flags: 0, dict: new Map([[name, bytesValue(value)]]) };
  await stage.attempt(name, () => stage.fops.setxattr(request, stage.options));
}
