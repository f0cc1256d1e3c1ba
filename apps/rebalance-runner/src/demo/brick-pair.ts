import { setTimeout as sleep } from "node:timers/promises";
import { type BrickClient, isFopError } from "@brickshift/brick-client";
import { Errno, type Gfid, isProtocolError } from "@brickshift/wire";

const anonymousFd = -2n;
const retryPauseMs = 20;

/**
 * The two bricks of the demo as one small volume: a file is used where it is, and followed when the brick
 * answers that it has moved.
 */
export class BrickPair {
  readonly #bricks: ReadonlyMap<string, BrickClient>;
  readonly #home: string;
  readonly #places = new Map<Gfid, string>();

  /** @param bricks clients by brick name; the first one is where files are looked for first. */
  constructor(bricks: ReadonlyMap<string, BrickClient>) {
    const [home] = bricks.keys();
    if (home === undefined) throw new RangeError("a pair needs a brick");
    this.#bricks = bricks;
    this.#home = home;
  }

  /** Name of the brick where the file was found last. */
  placeOf(gfid: Gfid): string {
    return this.#places.get(gfid) ?? this.#home;
  }

  /**
   * Writes `payload` at `offset` and resolves when a brick has acknowledged it. A write whose outcome is
   * unknown is sent again: the caller is the only writer of these bytes. Rejects when `signal` fires, and
   * with the brick's error when it is neither a move nor a lost connection.
   */
  async write(gfid: Gfid, offset: number, payload: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#follow(gfid, signal, (client) =>
      client.fops.write({
        gfid,
        fd: anonymousFd,
        offset,
        size: payload.length,
        flag: 0,
        xdata: null,
        payload,
      }),
    );
  }

  /** Reads up to `length` bytes at `offset` and hands them to `use`, which must not keep them. */
  async read<T>(
    gfid: Gfid,
    offset: number,
    length: number,
    use: (bytes: Uint8Array) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#follow(gfid, signal, async (client) => {
      const reply = await client.fops.read({
        gfid,
        fd: anonymousFd,
        offset,
        size: length,
        flag: 0,
        xdata: null,
      });
      const result = use(reply.payload);
      reply.release();
      return result;
    });
  }

  async #follow<T>(
    gfid: Gfid,
    signal: AbortSignal | undefined,
    run: (client: BrickClient) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const place = this.placeOf(gfid);
      const client = this.#bricks.get(place);
      if (client === undefined)
        throw new Error(`the file ${gfid} is said to be on "${place}", which is not one of the bricks`);
      try {
        return await run(client);
      } catch (error) {
        const moved = movedTo(error);
        if (moved !== undefined) this.#places.set(gfid, moved);
        else if (!isPassing(error)) throw error;
        // Right after a move the other brick has it; only a file between two crashed halves of a flip, or a
        // brick that is restarting, makes us come round again.
        if (moved === undefined || moved === this.#home)
          await sleep(retryPauseMs, undefined, signal && { signal });
      }
    }
  }
}

function movedTo(error: unknown): string | undefined {
  return isFopError(error) ? error.linkto : undefined;
}

const passing: ReadonlySet<number> = new Set([
  Errno.EAGAIN,
  Errno.EBUSY,
  Errno.ECONNABORTED,
  Errno.ECONNREFUSED,
  Errno.ECONNRESET,
  Errno.ENOTCONN,
  Errno.ETIMEDOUT,
]);

/** Errors that go away by themselves: the brick is not there, or too busy, just now. */
function isPassing(error: unknown): boolean {
  return isProtocolError(error) && passing.has(error.errno);
}
