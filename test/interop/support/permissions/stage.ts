import { randomUUID } from "node:crypto";
import { type BrickClient, isFopError } from "@brickshift/brick-client";
import {
  bytesValue,
  dictBytes,
  type DictValue,
  errnoName,
  FileType,
  type Gfid,
  gfidValue,
  type Iatt,
  NO_IATT,
  NULL_GFID,
  parseGfid,
  ROOT_GFID,
  SetattrValid,
} from "@brickshift/wire";
import { type CallerCase, callers, type Thing } from "./cases.js";
import { encodeAcl } from "./posix-acl.js";

export const ACCESS_ACL = "system.posix_acl_access";
export const DEFAULT_ACL = "system.posix_acl_default";

export const newGfid = () => parseGfid(randomUUID());
export const asking = (gfid: Gfid) => new Map<string, DictValue>([["gfid-req", gfidValue(gfid)]]);

/** What a case has to act upon, and what came of its acts, in parts of one line. */
export class Stage {
  readonly client: BrickClient;
  readonly given: CallerCase;
  /** For whom the fops of the case are made. */
  readonly options;
  readonly parts: string[] = [];
  parent: Gfid = NULL_GFID;
  /** The null gfid when the case has no object. */
  object: Gfid = NULL_GFID;
  elsewhere: Gfid = NULL_GFID;
  replaced: Gfid | undefined;

  constructor(client: BrickClient, given: CallerCase) {
    this.client = client;
    this.given = given;
    this.options = { auth: callers[given.caller] };
  }

  get fops() {
    return this.client.fops;
  }

  /** Makes everything as root; `index` keeps the cases apart. */
  async set(index: number): Promise<void> {
    const { parent, object, elsewhere, replaced } = this.given;
    this.parent = await this.#place(ROOT_GFID, `p${index}`, parent);
    if (object !== undefined) this.object = await this.#place(this.parent, "object", object);
    this.elsewhere =
      elsewhere === undefined ? this.parent : await this.#place(ROOT_GFID, `e${index}`, elsewhere);
    if (replaced !== undefined) this.replaced = await this.#place(this.elsewhere, "new", replaced);
  }

  /** Makes a fop; whether it succeeded. */
  async attempt(label: string, fop: () => Promise<unknown>): Promise<boolean> {
    const outcome = await outcomeOf(fop);
    this.parts.push(`${label}=${outcome}`);
    return outcome === "ok";
  }

  /** Adds what an object is now. */
  async show(gfid: Gfid): Promise<void> {
    const { stat } = await this.fops.stat({ gfid });
    this.parts.push(textOf(stat), ...(await this.#acls(gfid)));
  }

  /** Adds what became of the things of the case. */
  async showAll(): Promise<void> {
    if (this.given.object !== undefined) {
      const isThere = await this.attempt("object", () => this.fops.stat({ gfid: this.object }));
      if (isThere) await this.show(this.object);
    }
    const { replaced } = this;
    if (replaced !== undefined) await this.attempt("replaced", () => this.fops.stat({ gfid: replaced }));
  }

  async #acls(gfid: Gfid): Promise<string[]> {
    const texts: string[] = [];
    for (const name of [ACCESS_ACL, DEFAULT_ACL]) {
      let text = "";
      const outcome = await outcomeOf(async () => {
        const { dict } = await this.fops.getxattr({ gfid, name });
        text = Buffer.from(dictBytes(dict, name) ?? []).toString("hex");
      });
      texts.push(outcome === "ok" ? text : outcome);
    }
    return texts;
  }

  async #place(pargfid: Gfid, bname: string, thing: Thing): Promise<Gfid> {
    const { fops } = this;
    const gfid = newGfid();
    const xdata = asking(gfid);
    if (thing.type === "directory") await fops.mkdir({ pargfid, bname, mode: 0o755, xdata });
    else if (thing.type === "symlink") await fops.symlink({ pargfid, bname, linkname: "nowhere", xdata });
    else {
      const type = thing.type === "fifo" ? FileType.fifo : FileType.regular;
      await fops.mknod({ pargfid, bname, mode: type | 0o644, dev: 0n, xdata });
    }
    const { uid = 1001, gid = 2001, mode } = thing;
    const owner = SetattrValid.uid | SetattrValid.gid;
    await fops.setattr({ gfid, stbuf: { ...NO_IATT, uid, gid }, valid: owner });
    if (thing.type === "symlink") return gfid;
    await fops.setattr({ gfid, stbuf: { ...NO_IATT, mode }, valid: SetattrValid.mode });
    const dict = new Map<string, DictValue>();
    if (thing.access !== undefined) dict.set(ACCESS_ACL, bytesValue(encodeAcl(thing.access)));
    if (thing.inherited !== undefined) dict.set(DEFAULT_ACL, bytesValue(encodeAcl(thing.inherited)));
    if (thing.type !== "fifo") dict.set("user.x", bytesValue(Buffer.from("1")));
    if (dict.size > 0) await fops.setxattr({ gfid, flags: 0, dict });
    return gfid;
  }
}

async function outcomeOf(fop: () => Promise<unknown>): Promise<string> {
  try {
    await fop();
    return "ok";
  } catch (error) {
    if (!isFopError(error)) throw error;
    return errnoName(error.errno);
  }
}

function textOf({ mode, uid, gid, nlink, size }: Iatt): string {
  // What a directory counts and measures is its file system's affair.
  const isDirectory = (mode & FileType.mask) === FileType.directory;
  const counts = isDirectory ? "" : ` nlink=${nlink} size=${size}`;
  return `mode=${mode.toString(8)} owner=${uid}:${gid}${counts}`;
}
