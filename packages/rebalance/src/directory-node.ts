import type { Gfid, Iatt } from "@brickshift/wire";

/** A directory that is being crawled, or of which something is still being moved. */
export class DirectoryNode {
  readonly gfid: Gfid;
  readonly path: string;
  readonly stat: Iatt;
  readonly depth: number;
  readonly #parent: DirectoryNode | undefined;
  readonly #onDone: (node: DirectoryNode) => void;
  /** Its own crawl, and everything in it. */
  #pending = 1;

  /** @param onDone called when nothing in it is under way any more, below it neither. */
  constructor(
    place: { readonly gfid: Gfid; readonly path: string; readonly stat: Iatt; readonly depth: number },
    parent: DirectoryNode | undefined,
    onDone: (node: DirectoryNode) => void,
  ) {
    this.gfid = place.gfid;
    this.path = place.path;
    this.stat = place.stat;
    this.depth = place.depth;
    this.#parent = parent;
    this.#onDone = onDone;
    parent?.hold();
  }

  hold(): void {
    this.#pending += 1;
  }

  release(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#onDone(this);
    this.#parent?.release();
  }

  pathOf(name: string): string {
    return this.path === "/" ? `/${name}` : `${this.path}/${name}`;
  }
}
