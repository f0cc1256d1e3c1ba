import { expect, it } from "vitest";
import { QUEUED_RECORD_BYTES, SendQueue, TransportError } from "../src/index.js";

const limits = { recordBytesMax: 1_000, sendQueueBytesMax: 3 * (100 + QUEUED_RECORD_BYTES) };
const hundred = [new Uint8Array(60), new Uint8Array(0), new Uint8Array(40)];

function queueOf() {
  const counts = { added: 0 };
  const queue = new SendQueue(limits, () => {
    counts.added += 1;
  });
  /** Adds a record and notes how its promise settles. */
  const outcomes: string[] = [];
  const add = (chunks: readonly Uint8Array[]) => {
    const index = outcomes.push("pending") - 1;
    return queue.add(chunks).then(
      () => (outcomes[index] = "sent"),
      (error: unknown) => (outcomes[index] = (error as TransportError).code),
    );
  };
  return { queue, add, outcomes, counts };
}

it("gives records in order and resolves the oldest first", async () => {
  const { queue, add, outcomes, counts } = queueOf();
  void add([Uint8Array.of(1)]);
  const second = add([Uint8Array.of(2)]);
  void add([Uint8Array.of(3)]);
  expect(counts.added).toBe(3);
  expect([queue.take(), queue.take()].map((record) => record?.chunks[0]?.[0])).toEqual([1, 2]);
  expect(queue.hasWaiting).toBe(true);
  queue.settle(2);
  await second;
  expect(outcomes).toEqual(["sent", "sent", "pending"]);
  expect(queue.queuedBytes).toBe(1 + QUEUED_RECORD_BYTES);
  queue.settle(1);
  expect(queue.isEmpty, "what was not taken cannot settle").toBe(false);
});

it("counts the length of all chunks", () => {
  const { queue, add } = queueOf();
  void add(hundred);
  expect(queue.take()?.recordBytes).toBe(100);
  expect(queue.take()).toBeUndefined();
});

it("refuses one record too many and takes more when there is room", async () => {
  const { queue, add, outcomes, counts } = queueOf();
  for (let count = 0; count < 3; count += 1) void add(hundred);
  await add([]);
  expect(outcomes.at(-1)).toBe("TRANSPORT_QUEUE_FULL");
  expect(counts.added).toBe(3);
  queue.take();
  queue.settle(1);
  void add(hundred);
  expect(outcomes.at(-1)).toBe("pending");
});

it("takes a record over the queue's limit only when it is alone", async () => {
  const { queue, add, outcomes } = queueOf();
  void add([new Uint8Array(1_000)]);
  expect(queue.queuedBytes).toBeGreaterThan(limits.sendQueueBytesMax);
  await add([]);
  expect(outcomes).toEqual(["pending", "TRANSPORT_QUEUE_FULL"]);
});

it("refuses a record over the record's limit", async () => {
  const { queue, add, outcomes } = queueOf();
  await add([new Uint8Array(600), new Uint8Array(401)]);
  expect(outcomes).toEqual(["TRANSPORT_RECORD_TOO_LARGE"]);
  expect(queue.isEmpty).toBe(true);
});

it("refuses records after its end but keeps those before", async () => {
  const { queue, add, outcomes } = queueOf();
  void add(hundred);
  queue.end("closing");
  await add(hundred);
  expect(outcomes).toEqual(["pending", "TRANSPORT_CLOSED"]);
  expect(queue.take()).toBeDefined();
});

it("tells what may have been sent from what was not", async () => {
  const { queue, add, outcomes } = queueOf();
  const adds = [add(hundred), add(hundred), add(hundred)];
  queue.take();
  queue.take();
  queue.settle(1);
  const cause = new TransportError("TRANSPORT_LOST", "test");
  queue.fail(cause);
  await Promise.all(adds);
  await add(hundred);
  expect(outcomes).toEqual(["sent", "TRANSPORT_LOST", "TRANSPORT_CLOSED", "TRANSPORT_CLOSED"]);
  expect([queue.isEmpty, queue.queuedBytes, queue.take()]).toEqual([true, 0, undefined]);
  await expect(queue.add([])).rejects.toMatchObject({ code: "TRANSPORT_CLOSED" });
});

it("stays right over many records", async () => {
  const { queue } = queueOf();
  for (let round = 0; round < 1_000; round += 1) {
    const adds = [queue.add([Uint8Array.of(round & 0xff)]), queue.add([])];
    expect(queue.take()?.chunks[0]?.[0]).toBe(round & 0xff);
    queue.settle(1);
    queue.take();
    queue.settle(1);
    await Promise.all(adds);
  }
  expect([queue.isEmpty, queue.queuedBytes]).toEqual([true, 0]);
});
