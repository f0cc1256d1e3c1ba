import type { Epoch, LeaseId } from "@brickshift/wire";
import { bench } from "vitest";
import { type CopyEffect, type CopyEvent, CopyMachine, transactionOptions } from "../src/index.js";

const FILE_BYTES = 64 * 1_048_576;
const options = transactionOptions.parse({ passesMax: 1 });

/** Answers every effect at once: what is left is the cost of the machine itself. */
function copyOnce(): number {
  const machine = new CopyMachine(options, { mode: "shared", sizeHintBytes: FILE_BYTES });
  const queue: CopyEvent[] = [{ type: "start" }];
  let epoch = 0;
  let steps = 0;
  const answer = (effect: CopyEffect): CopyEvent | undefined => {
    switch (effect.type) {
      case "acquire": {
        epoch += 1;
        const grant = { leaseId: `l${epoch}` as LeaseId, epoch: BigInt(epoch) as Epoch, dirty: undefined };
        return { type: "granted", grant };
      }
      case "read": {
        const shape = { lengthBytes: effect.length, sizeBytes: FILE_BYTES } as const;
        const eof = effect.offset + effect.length >= FILE_BYTES;
        return { type: "read", op: effect.op, shape: { type: "bytes", eof, ...shape } };
      }
      case "write":
        return { type: "written", op: effect.op };
      case "establish":
        return { type: "established" };
      case "unlock":
        return { type: "unlocked" };
      case "zero":
      case "release":
      case "cancel-acquire":
      case "cancel-reads":
      case "draw-chance":
      case "end":
        return undefined;
    }
  };
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    steps += 1;
    for (const effect of machine.step(event, 0)) {
      const next = answer(effect);
      if (next !== undefined) queue.push(next);
    }
  }
  return steps;
}

bench("512 chunks of 128 KiB through the machine, without I/O", () => {
  copyOnce();
});
