import type { Dict } from "@brickshift/wire";
import { FileType, OpenFlags } from "@brickshift/wire";
import { asking, newGfid, type Stage } from "./stage.js";

/** What a new object is asked for with, beside its name. */
export interface Wish {
  readonly mode?: number;
  readonly umask?: number;
  readonly flags?: number;
  readonly linkname?: string;
  readonly xdata?: Dict;
}

type Kind = "create" | "mkdir" | "mknod" | "symlink";

/** Tries to make an object in the parent of the case, and adds what it has become. */
export async function make(
  stage: Stage,
  kind: Kind,
  bname: string,
  wish: Wish = {},
  label: string = kind,
): Promise<void> {
  const { fops, options, parent: pargfid } = stage;
  const { mode = 0o755, umask = 0, flags = OpenFlags.rdwr, linkname = "there" } = wish;
  const gfid = newGfid();
  const xdata = new Map([...asking(gfid), ...(wish.xdata ?? [])]);
  const isMade = await stage.attempt(label, () => {
    switch (kind) {
      case "create": {
        const how = { flags: flags | OpenFlags.creat, mode: FileType.regular | mode };
        return fops.create({ pargfid, bname, umask, xdata, ...how }, options);
      }
      case "mkdir":
        return fops.mkdir({ pargfid, bname, mode, umask, xdata }, options);
      case "mknod":
        return fops.mknod({ pargfid, bname, mode, umask, dev: 0n, xdata }, options);
      case "symlink":
        return fops.symlink({ pargfid, bname, linkname, umask, xdata }, options);
    }
  });
  // A CREATE may have opened what was there.
  const isNew = isMade && (await stage.attempt("made", () => fops.stat({ gfid })));
  if (isNew) await stage.show(gfid);
}
