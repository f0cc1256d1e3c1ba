import { expect, it } from "vitest";
import { RecordDelivery, TransportError } from "../src/index.js";

function deliveryOf(records: Uint8Array[], ended: () => void = () => {}) {
  const events: string[] = [];
  const delivery = new RecordDelivery({
    next: () => records.shift(),
    drained: () => void events.push("drained"),
    ended: () => {
      events.push("ended");
      ended();
    },
    failed: (error) => void events.push(error.code),
  });
  const got = (record: Uint8Array) => void events.push(`record ${record.length}`);
  return { delivery, events, got };
}

/** A promise to settle by hand. */
function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const recordOf = (bytes: number) => new Uint8Array(bytes);

it("keeps records until there is a handler", () => {
  const { delivery, events, got } = deliveryOf([recordOf(1), recordOf(2)]);
  delivery.pump();
  expect([events, delivery.isBlocked]).toEqual([[], true]);
  delivery.start(got);
  expect(events).toEqual(["record 1", "record 2", "drained"]);
  expect(delivery.isBlocked).toBe(false);
  expect(() => delivery.start(got)).toThrow("once");
});

it("waits for the handler's promise, then goes on by itself", async () => {
  const records = [recordOf(1), recordOf(2)];
  const { delivery, events, got } = deliveryOf(records);
  const busy = deferred();
  delivery.start((record) => {
    got(record);
    return record.length === 1 ? busy.promise : undefined;
  });
  delivery.pump();
  expect([events, delivery.isBlocked, records.length]).toEqual([["record 1"], true, 1]);
  busy.resolve();
  await busy.promise;
  expect(events).toEqual(["record 1", "record 2", "drained"]);
});

it("tells the end after the last record was handled, once", async () => {
  const { delivery, events, got } = deliveryOf([recordOf(1)]);
  const busy = deferred();
  delivery.start((record) => {
    got(record);
    return busy.promise;
  });
  delivery.end();
  expect(events).toEqual(["record 1"]);
  busy.resolve();
  await busy.promise;
  delivery.end();
  delivery.pump();
  expect(events).toEqual(["record 1", "ended"]);
  expect(delivery.isDone).toBe(true);
});

it("does not nest when a handler makes records come", () => {
  const records = [recordOf(1)];
  const { delivery, events } = deliveryOf(records);
  let depth = 0;
  delivery.start((record) => {
    depth += 1;
    events.push(`depth ${depth}`);
    if (record.length < 3) records.push(recordOf(record.length + 1));
    delivery.pump();
    depth -= 1;
  });
  expect(events).toEqual(["depth 1", "depth 1", "depth 1", "drained"]);
});

it.each(["throws", "rejects"] as const)(
  "fails once when the handler %s, and delivers no more",
  async (how) => {
    const records = [recordOf(1), recordOf(2)];
    const { delivery, events } = deliveryOf(records);
    delivery.start(() => {
      if (how === "throws") throw new Error("handler");
      return Promise.reject(new Error("handler"));
    });
    await Promise.resolve();
    delivery.pump();
    delivery.end();
    expect(events).toEqual(["TRANSPORT_HANDLER_FAILED"]);
    expect(records.length).toBe(1);
  },
);

it("fails with the error of the source, and lets other errors through", () => {
  const events: string[] = [];
  const failing = (error: Error) =>
    new RecordDelivery({
      next: () => {
        throw error;
      },
      drained: () => {},
      ended: () => {},
      failed: ({ code }) => void events.push(code),
    });
  failing(new TransportError("TRANSPORT_RECORD_INVALID", "test")).start(() => {});
  expect(events).toEqual(["TRANSPORT_RECORD_INVALID"]);
  expect(() => failing(new Error("a bug")).start(() => {})).toThrow("a bug");
});

it("fails when what it tells the end to throws", () => {
  const { delivery, events, got } = deliveryOf([], () => {
    throw new Error("onEnd");
  });
  delivery.start(got);
  delivery.end();
  expect(events).toEqual(["drained", "ended", "TRANSPORT_HANDLER_FAILED"]);
});

it("delivers nothing after stop, though a handler is busy", async () => {
  const { delivery, events, got } = deliveryOf([recordOf(1), recordOf(2)]);
  const busy = deferred();
  delivery.start((record) => {
    got(record);
    return busy.promise;
  });
  delivery.stop();
  busy.resolve();
  await busy.promise;
  expect(events).toEqual(["record 1"]);
});

it("takes only a promise for back-pressure, whatever else a handler returns", () => {
  const { delivery, events, got } = deliveryOf([recordOf(1), recordOf(2)]);
  const handler = (record: Uint8Array) => {
    got(record);
    return record.length;
  };
  delivery.start(handler as unknown as (record: Uint8Array) => void);
  expect(events).toEqual(["record 1", "record 2", "drained"]);
});
