import { invariant } from "@brickshift/wire";

/**
 * A reply that comes later, and goes out in the very step in which it comes. A promise would let what the
 * same step says next overtake it: the recall of a lease must not reach its holder before the grant.
 */
export class LaterReply<Reply> {
  #reply: Reply | undefined;
  #take: ((reply: Reply) => void) | undefined;

  /** The reply is there. Once. */
  settle(reply: Reply): void {
    invariant(this.#reply === undefined, "a reply comes once");
    this.#reply = reply;
    this.#take?.(reply);
  }

  /** Takes the reply, now when it is there already. */
  whenThere(take: (reply: Reply) => void): void {
    this.#take = take;
    if (this.#reply !== undefined) take(this.#reply);
  }
}
