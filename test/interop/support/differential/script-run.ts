import { type BrickClient, isFopError } from "@brickshift/brick-client";
import { gfidValue, isProtocolError, NULL_GFID, ROOT_GFID } from "@brickshift/wire";
import { failedOutcome, outcomeOf, plainOf, type Outcome } from "./outcome.js";
import type { Step } from "./step.js";
import { objectGfid, stepRequest } from "./step-request.js";

/** Far more than any fop takes, on a machine that stands still for a while too: one that is not answered by then hangs, which is an outcome too. */
const FOP_TIMEOUT_MS = 400_000;
/** The object that the directory of the script is in. */
const OUTER = 1_000;
/** A directory of a script has far fewer entries. */
const READDIRS_MAX = 300;

/** A script on one brick: its two clients, its directory, and the fds that it has open. */
export class ScriptRun {
  readonly #clients: readonly BrickClient[];
  readonly #run: number;
  readonly #fds: readonly Map<number, bigint>[] = [new Map(), new Map()];

  constructor(clients: readonly BrickClient[], run: number) {
    this.#clients = clients;
    this.#run = run;
  }

  /** Makes the directory of the script, in one that no other script changes. */
  async begin(): Promise<void> {
    const gfidOf = (object: number) => new Map([["gfid-req", gfidValue(objectGfid(this.#run, object))]]);
    const { fops } = this.#client(0);
    const outer = objectGfid(this.#run, OUTER);
    await fops.mkdir({ pargfid: ROOT_GFID, bname: `run-${this.#run}`, mode: 0o755, xdata: gfidOf(OUTER) });
    await fops.mkdir({ pargfid: outer, bname: "top", mode: 0o755, xdata: gfidOf(0) });
  }

  /** Makes the fop of a step. Never rejects: whatever happens is an outcome. */
  async step(step: Step): Promise<Outcome> {
    const fds = this.#fds[step.client] as Map<number, bigint>;
    if (slotsOf(step).some((slot) => slot >= 0 && !fds.has(slot))) return { skipped: "the fd is not open" };
    try {
      if (step.untilEnd === true) return await this.#readdir(step, fds);
      const reply = await this.#call(step, stepRequest(step, this.#run, fds));
      if (step.slot !== undefined) fds.set(step.slot, (reply as { fd: bigint }).fd);
      if (step.fop === "release" || step.fop === "releasedir") fds.delete(slotsOf(step)[0] as number);
      const outcome = outcomeOf(step.fop, reply, this.#run);
      if ("release" in reply) (reply.release as () => void)();
      return outcome;
    } catch (error) {
      if (isFopError(error)) return failedOutcome(error.errno, error.xdata, this.#run);
      return { thrown: isProtocolError(error) ? error.code : String(error) };
    }
  }

  /** Whether one of the objects of a step has no name. Only ours can be asked: it says so by gfid, whoever has the object open. */
  async isOfGone({ input }: Step): Promise<boolean> {
    const objects = gfidMembers.flatMap((member) => (member in input ? [input[member] as number] : []));
    for (const object of new Set(objects)) {
      const gfid = objectGfid(this.#run, object);
      const asked = this.#client(0).fops.lookup({ gfid, pargfid: NULL_GFID, bname: "" });
      if (await asked.then(() => false, isFopError)) return true;
    }
    return false;
  }

  #client(index: number): BrickClient {
    return this.#clients[index] as BrickClient;
  }

  #call(step: Step, request: object): Promise<object> {
    const auth = { lkOwner: Uint8Array.of(step.client, step.owner, 1, 1) };
    return this.#client(step.client).call(step.fop, request, {
      auth,
      timeoutMs: FOP_TIMEOUT_MS,
    });
  }

  /** Entries in the order of their names: each brick has an order of its own. */
  async #readdir(step: Step, fds: ReadonlyMap<number, bigint>): Promise<Outcome> {
    const request = stepRequest(step, this.#run, fds);
    const entries: { readonly name: string }[] = [];
    let offset = 0n;
    for (let count = 0; count < READDIRS_MAX; count += 1) {
      const reply = (await this.#call(step, { ...request, offset })) as {
        readonly opErrno: number;
        readonly entries: readonly { readonly name: string; readonly offset: bigint }[];
      };
      entries.push(...reply.entries);
      const last = reply.entries.at(-1);
      if (last === undefined) break;
      offset = last.offset;
    }
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { entries: plainOf(sorted, this.#run) };
  }
}

const gfidMembers = ["gfid", "pargfid", "oldgfid", "newgfid", "gfid1", "gfid2"];

function slotsOf({ input }: Step): readonly number[] {
  return [input["fd"], input["fdIn"], input["fdOut"]].filter((slot) => typeof slot === "number");
}
