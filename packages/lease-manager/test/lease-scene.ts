import { ManualScheduler } from "@brickshift/testkit";
import type { ClientUid, Epoch, Extent, Gfid, LeaseId, LeaseScope } from "@brickshift/wire";
import { isProtocolError, type ProtocolError } from "@brickshift/wire";
import {
  driveLeases,
  type Gate,
  type GatedFop,
  type LeaseDriver,
  type LeaseEffect,
  type LeaseOptionsInput,
  type LeaseRequest,
  LeaseRevokedError,
  type LeaseType,
  type OpenFd,
} from "../src/index.js";

/** A fop of a scene, with the name that the script gave it. */
export interface NamedFop extends GatedFop {
  readonly name: string;
}

/** The epoch before the first of a scene; the scene's own counting starts after it. */
export const FIRST_EPOCH = (7n << 32n) as Epoch;

/** The lease-id that a scene writes as a short name: its bytes, filled up with 0x2e. */
export function leaseIdOf(name: string): LeaseId {
  const hex = Array.from(name, (letter) => letter.charCodeAt(0).toString(16)).join("");
  return `${hex.padEnd(30, "2e")}00` as LeaseId;
}

function nameOfId(leaseId: LeaseId): string {
  const letters = leaseId.match(/../g)?.map((hex) => String.fromCharCode(Number.parseInt(hex, 16))) ?? [];
  return letters.filter((letter) => letter !== "." && letter !== "\0").join("");
}

/**
 * A brick with leases, told what happens in words, one command a line, answering in words. Words that may
 * follow a command: `under ID`, `epoch N`, `on INODE`, `fds CLIENT:ID:w,…`, `internal`, `nonblocking`.
 *
 *     request ID CLIENT read|read-write open|data      unlock ID CLIENT [read|read-write]
 *     fop NAME CLIENT GATE                             finish NAME
 *     advance MS     disconnect CLIENT     revoke      remove     forget
 *     modify OFFSET LENGTH|end             since EPOCH
 */
export class LeaseScene {
  readonly scheduler = new ManualScheduler();
  readonly driver: LeaseDriver<NamedFop>;
  readonly #fops = new Map<string, NamedFop & { readonly on: string }>();
  /** Of the last error of the core. */
  lastMessage = "";
  #said: string[] = [];

  constructor(options: LeaseOptionsInput = {}) {
    this.driver = driveLeases<NamedFop>(options, FIRST_EPOCH, this.scheduler, (effect) => {
      this.#said.push(wordsOf(effect));
    });
  }

  get manager() {
    return this.driver.manager;
  }

  /** The record of an inode that the script calls `name`. */
  inode(name = "f") {
    return this.manager.inode(name as Gfid);
  }

  /** Carries out the commands of a script and returns all that was said, in order. */
  play(script: string): string[] {
    const lines = script
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    return lines.flatMap((line) => this.run(line));
  }

  /** Carries out one command; an error of the core is said, like everything else. */
  run(line: string): string[] {
    this.#said = [];
    try {
      this.#dispatch(new Words(line));
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      this.lastMessage = error.message;
      this.#said.push(`error ${codeOf(error)}`);
    }
    return this.#said;
  }

  #dispatch(words: Words): void {
    const inode = this.inode(words.after("on") ?? "f");
    switch (words.verb) {
      case "request":
        this.driver.request(inode, requestOf(words));
        return;
      case "unlock":
        this.#unlock(words);
        return;
      case "fop":
        this.#fop(words);
        return;
      case "finish": {
        const fop = this.#fops.get(words.at(0));
        if (fop === undefined) throw new Error(`no fop ${words.at(0)}`);
        this.driver.finish(this.inode(fop.on), fop);
        return;
      }
      case "advance":
        this.scheduler.advance(Number(words.at(0)));
        return;
      case "disconnect":
        this.driver.disconnect(words.at(0) as ClientUid);
        return;
      case "revoke":
        this.driver.revokeInode(inode);
        return;
      case "remove":
        this.driver.removeInode(inode);
        return;
      case "forget":
        this.manager.forgetInode(inode);
        return;
      case "modify":
        this.manager.markModified(
          inode.gfid,
          Number(words.at(0)),
          words.at(1) === "end" ? Infinity : Number(words.at(1)),
        );
        return;
      case "since":
        this.#said.push(extentWords(this.manager.extentsSince(inode.gfid, epochOf(words.at(0)))));
        return;
      default:
        throw new Error(`no command ${words.verb}`);
    }
  }

  #fop(words: Words): void {
    const [name, under, epoch] = [words.at(0), words.after("under"), words.after("epoch")];
    const fop = {
      name,
      client: words.at(1) as ClientUid,
      gate: words.at(2) as Gate,
      leaseId: under === undefined ? undefined : leaseIdOf(under),
      leaseEpoch: epoch === undefined ? undefined : epochOf(epoch),
      isInternal: words.has("internal"),
      isNonblocking: words.has("nonblocking"),
      on: words.after("on") ?? "f",
    };
    // What a fop leads to is said after what became of it.
    const at = this.#said.length;
    const admission = this.driver.admit(this.inode(fop.on), fop);
    this.#said.splice(at, 0, `${name} ${admission === "proceed" ? "proceeds" : admission}`);
    this.#fops.set(name, fop);
  }

  #unlock(words: Words): void {
    const epoch = words.after("epoch");
    const outcome = this.driver.unlock(this.inode(words.after("on") ?? "f"), {
      client: words.at(1) as ClientUid,
      leaseId: words.at(0) === "zero" ? ("0".repeat(32) as LeaseId) : leaseIdOf(words.at(0)),
      type: ["read", "read-write"].includes(words.at(2)) ? (words.at(2) as LeaseType) : undefined,
      leaseEpoch: epoch === undefined ? undefined : epochOf(epoch),
    });
    const why =
      outcome.type === "revoked" && outcome.error instanceof LeaseRevokedError
        ? ` (${outcome.error.leaseState})`
        : "";
    this.#said.unshift(`${words.at(0)} ${outcome.type}${why}`);
  }
}

class Words {
  readonly verb: string;
  readonly #words: readonly string[];

  constructor(line: string) {
    const [verb = "", ...words] = line.split(/\s+/);
    this.verb = verb;
    this.#words = words;
  }

  at(index: number): string {
    return this.#words[index] ?? "";
  }

  has(word: string): boolean {
    return this.#words.includes(word);
  }

  after(word: string): string | undefined {
    const index = this.#words.indexOf(word);
    return index < 0 ? undefined : this.at(index + 1);
  }
}

function requestOf(words: Words): LeaseRequest {
  const openFds = (words.after("fds") ?? "").split(",").filter(Boolean).map(openFdOf);
  return {
    leaseId: words.at(0) === "zero" ? ("0".repeat(32) as LeaseId) : leaseIdOf(words.at(0)),
    client: words.at(1) as ClientUid,
    type: words.at(2) as LeaseType,
    scope: words.at(3) as LeaseScope,
    openFds,
  };
}

function openFdOf(text: string): OpenFd {
  const [client = "", id = "", mode = ""] = text.split(":");
  return {
    client: client as ClientUid,
    leaseId: id === "" ? undefined : leaseIdOf(id),
    writes: mode === "w",
  };
}

function epochOf(text: string): Epoch {
  return (FIRST_EPOCH + BigInt(text)) as Epoch;
}

function extentWords(extents: readonly Extent[] | "unknown"): string {
  if (extents === "unknown") return "unknown";
  const runs = extents.map(({ offset, length }) => `${offset}+${length === Infinity ? "end" : length}`);
  return runs.join(" ") || "nothing";
}

function wordsOf(effect: LeaseEffect<NamedFop>): string {
  switch (effect.type) {
    case "grant":
      return `grant ${nameOfId(effect.leaseId)} to ${effect.client}, epoch ${effect.epoch - FIRST_EPOCH}`;
    case "refuse":
      return `refuse ${nameOfId(effect.request.leaseId)}: ${effect.error.code}`;
    case "withdraw":
      return `withdraw ${nameOfId(effect.request.leaseId)}`;
    case "recall":
      return `recall ${nameOfId(effect.leaseId)} from ${effect.client}, until ${effect.deadlineMs ?? "it unlocks"}`;
    case "revoke":
      return `revoke ${nameOfId(effect.leaseId)} of ${effect.client}: ${effect.reason}`;
    case "reject":
      return `reject ${effect.fop.name}: ${codeOf(effect.error)}`;
    case "resume":
    case "drop":
  }
  return `${effect.type} ${effect.fop.name}`;
}

function codeOf(error: ProtocolError): string {
  return error instanceof LeaseRevokedError ? `${error.code} (${error.leaseState})` : error.code;
}
