import type { SeededRandom } from "@brickshift/testkit";

export type ObjectType = "directory" | "file" | "symlink" | "special";

interface Slot {
  readonly object: number;
  readonly isDirectory: boolean;
}

/** Names that scripts use: few, so that they meet. */
const names = ["a", "b", "c", "d", "\u00e9"];
const oddNames = ["", ".", "..", "a/b", "\udcff", "n".repeat(255), "n".repeat(256)];

/** Objects that nobody has made. */
const OBJECTS_BEYOND = 900;
/** Fds of each client. */
const SLOTS = 4;

/**
 * What a script has probably made so far. It need not be right, as fops fail for reasons that it does not know: it
 * only makes most fops mean something.
 */
export class ScriptModel {
  readonly random: SeededRandom;
  #objects = 0;
  readonly #types = new Map<number, ObjectType>([[0, "directory"]]);
  readonly #entries = new Map<string, number>();
  readonly #slots = new Map<string, Slot>();
  readonly #pinned = new Set<string>();

  constructor(random: SeededRandom) {
    this.random = random;
  }

  /** An object of this type, when there is one and chance does not want another. */
  object(type: ObjectType | "any"): number {
    const { random } = this;
    if (random.chance(0.03)) return OBJECTS_BEYOND + random.below(3);
    const all = [...this.#types.keys()];
    const fitting = all.filter((object) => type === "any" || this.#types.get(object) === type);
    return random.pick(fitting.length === 0 || random.chance(0.07) ? all : fitting);
  }

  isDirectory(object: number): boolean {
    return this.#types.get(object) === "directory";
  }

  name(): string {
    return this.random.pick(this.random.chance(0.03) ? oddNames : names);
  }

  /** A directory and a name in it: one that is there, or any. */
  entry(isThere: boolean): { readonly parent: number; readonly name: string } {
    const { random } = this;
    const keys = [...this.#entries.keys()];
    if (!isThere || keys.length === 0 || random.chance(0.1)) {
      return { parent: this.object("directory"), name: this.name() };
    }
    const key = random.pick(keys);
    const at = key.indexOf("/");
    return { parent: Number(key.slice(0, at)), name: key.slice(at + 1) };
  }

  /** The number of an object to be made: never one that was asked for before, as a 10.3 brick is lost then. */
  newObject(): number {
    this.#objects += 1;
    return this.#objects;
  }

  made(parent: number, name: string, object: number, type: ObjectType): void {
    const key = `${parent}/${name}`;
    if (this.#entries.has(key) || this.#types.has(object)) return;
    this.#types.set(object, type);
    this.#entries.set(key, object);
  }

  linked(parent: number, name: string, object: number): void {
    if (!this.#entries.has(`${parent}/${name}`)) this.#entries.set(`${parent}/${name}`, object);
  }

  removed(parent: number, name: string): void {
    this.#entries.delete(`${parent}/${name}`);
  }

  /** Whether two names are one, or probably of one object. */
  isSame(one: { parent: number; name: string }, other: { parent: number; name: string }): boolean {
    if (one.parent === other.parent && one.name === other.name) return true;
    const object = this.#entries.get(`${one.parent}/${one.name}`);
    return object !== undefined && object === this.#entries.get(`${other.parent}/${other.name}`);
  }

  /** Whether the rename would move a directory into itself, or onto what is none. */
  isMisplaced(from: { parent: number; name: string }, to: { parent: number; name: string }): boolean {
    const object = this.#entries.get(`${from.parent}/${from.name}`);
    if (object === undefined || !this.isDirectory(object)) return false;
    const target = this.#entries.get(`${to.parent}/${to.name}`);
    if (target !== undefined && !this.isDirectory(target)) return true;
    for (let at: number | undefined = to.parent, left = this.#objects + 1; left > 0; left -= 1) {
      if (at === object) return true;
      at = at === undefined ? undefined : this.#parentOf(at);
    }
    return false;
  }

  #parentOf(object: number): number | undefined {
    const found = [...this.#entries].find(([, entry]) => entry === object);
    return found === undefined ? undefined : parseInt(found[0], 10);
  }

  renamed(from: { parent: number; name: string }, to: { parent: number; name: string }): void {
    const object = this.#entries.get(`${from.parent}/${from.name}`);
    if (object === undefined) return;
    this.removed(from.parent, from.name);
    this.#entries.set(`${to.parent}/${to.name}`, object);
  }

  /** A slot to keep an fd in, when one is free. */
  newSlot(client: number): number | undefined {
    return Array.from({ length: SLOTS }, (_, slot) => slot).find(
      (slot) => !this.#slots.has(`${client}/${slot}`),
    );
  }

  opened(client: number, slot: number, object: number, isDirectory: boolean): void {
    this.#slots.set(`${client}/${slot}`, { object, isDirectory });
  }

  /** The fd stays open to the end of the script, as a 10.3 brick would not give back all that belongs to it. */
  pin(client: number, slot: number): void {
    this.#pinned.add(`${client}/${slot}`);
  }

  isPinned(client: number, slot: number): boolean {
    return this.#pinned.has(`${client}/${slot}`);
  }

  released(client: number, slot: number): void {
    this.#slots.delete(`${client}/${slot}`);
  }

  /** An fd of the client with the object it is open on, or the anonymous one. None (-1) is left out: it crashes a stock brick. */
  fd(client: number, kind: "file" | "directory"): { readonly fd: number; readonly gfid: number } {
    const { random } = this;
    if (random.chance(0.08)) return { fd: -2, gfid: this.object(kind) };
    const all = [...this.#slots].filter(([key]) => key.startsWith(`${client}/`));
    const fitting = all.filter(([, slot]) => slot.isDirectory === (kind === "directory"));
    const among = fitting.length === 0 || random.chance(0.04) ? all : fitting;
    if (among.length === 0) return { fd: -2, gfid: this.object(kind) };
    const [key, { object }] = random.pick(among);
    return { fd: Number(key.split("/")[1]), gfid: object };
  }
}
