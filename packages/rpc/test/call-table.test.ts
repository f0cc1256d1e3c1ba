import { describe, expect, it } from "vitest";
import { type CallLane, type CallLimits, callLimits, CallTable, RpcError } from "../src/index.js";

const limits = (changes: Partial<CallLimits> = {}) => ({ ...callLimits.parse({}), ...changes });

/** A table whose calls are named by letters. */
function tableOf(changes: Partial<CallLimits> = {}, lastXid = 0) {
  const table = new CallTable<string>(limits(changes), lastXid);
  const call = (token: string, more: { bytes?: number; deadlineMs?: number; lane?: CallLane } = {}) => {
    const { bytes = 1, deadlineMs = Infinity, lane = "window" } = more;
    return table.step({ type: "call", token, bytes, deadlineMs, lane }, 0);
  };
  const reply = (xid: number) => table.step({ type: "reply", xid }, 0);
  return { table, call, reply };
}

const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as RpcError).code;
  }
  return undefined;
};

describe("matching", () => {
  it("settles the call whose xid the reply has, in whatever order replies come", () => {
    const { call, reply } = tableOf();
    expect(call("a")).toEqual([{ type: "send", xid: 1, token: "a" }]);
    expect(call("b")).toEqual([{ type: "send", xid: 2, token: "b" }]);
    expect(reply(2)).toEqual([{ type: "settle", token: "b" }]);
    expect(reply(1)).toEqual([{ type: "settle", token: "a" }]);
  });

  it("tells a late, a duplicate and an unknown reply apart, and settles nothing by them", () => {
    const { table, call, reply } = tableOf();
    call("a");
    call("b");
    table.step({ type: "cancel", xid: 1 }, 0);
    reply(2);
    expect(reply(1)).toEqual([{ type: "stray", xid: 1, kind: "late" }]);
    expect(reply(1)).toEqual([{ type: "stray", xid: 1, kind: "duplicate" }]);
    expect(reply(2)).toEqual([{ type: "stray", xid: 2, kind: "duplicate" }]);
    expect(reply(3)).toEqual([{ type: "stray", xid: 3, kind: "unknown" }]);
    expect(reply(0)).toEqual([{ type: "stray", xid: 0, kind: "unknown" }]);
  });

  it("does not believe a reply to a call that was not sent yet", () => {
    const { call, reply } = tableOf({ inFlightMax: 1 });
    call("a");
    call("b");
    expect(reply(2)).toEqual([{ type: "stray", xid: 2, kind: "unknown" }]);
    expect(reply(1)).toEqual([
      { type: "settle", token: "a" },
      { type: "send", xid: 2, token: "b" },
    ]);
  });

  it("counts xids past 32 bits to 1, and knows what it issued before", () => {
    const { call, reply } = tableOf({}, 0xffff_fffe);
    expect([call("a"), call("b")]).toEqual([
      [{ type: "send", xid: 0xffff_ffff, token: "a" }],
      [{ type: "send", xid: 1, token: "b" }],
    ]);
    expect(reply(0xffff_ffff)).toEqual([{ type: "settle", token: "a" }]);
    expect(reply(0xffff_ffff)).toEqual([{ type: "stray", xid: 0xffff_ffff, kind: "duplicate" }]);
    expect(reply(0xffff_fffe)).toEqual([{ type: "stray", xid: 0xffff_fffe, kind: "unknown" }]);
  });

  it("gives no xid out again while its call is in flight, or was given up and may be answered late", () => {
    // Four xids in all make the wrap short: 1 to 3, since 0 is never used.
    const table = new CallTable<string>(limits(), 0, 3);
    const make = (token: string) =>
      table.step({ type: "call", token, bytes: 0, deadlineMs: Infinity, lane: "window" }, 0);
    make("in flight");
    make("given up");
    table.step({ type: "cancel", xid: 2 }, 0);
    expect(make("c")).toEqual([{ type: "send", xid: 3, token: "c" }]);
    table.step({ type: "reply", xid: 3 }, 0);
    expect(make("d")).toEqual([{ type: "send", xid: 3, token: "d" }]);
  });
});

describe("the window", () => {
  it("lets so many calls in flight, the others wait and follow in order", () => {
    const { table, call, reply } = tableOf({ inFlightMax: 2 });
    call("a");
    call("b");
    expect(call("c")).toEqual([{ type: "wait", xid: 3, token: "c" }]);
    expect(call("d")).toEqual([{ type: "wait", xid: 4, token: "d" }]);
    expect(table.waiting).toBe(2);
    expect(reply(2)).toEqual([
      { type: "settle", token: "b" },
      { type: "send", xid: 3, token: "c" },
    ]);
    expect(reply(1).at(-1)).toEqual({ type: "send", xid: 4, token: "d" });
  });

  it("counts bytes as well, and lets a call larger than itself go alone", () => {
    const { call, reply } = tableOf({ inFlightBytesMax: 10 });
    expect(call("huge", { bytes: 100 })[0]?.type).toBe("send");
    expect(call("small", { bytes: 1 })[0]?.type).toBe("wait");
    expect(reply(1).at(-1)).toEqual({ type: "send", xid: 2, token: "small" });
    expect(call("nine", { bytes: 9 })[0]?.type).toBe("send");
    expect(call("one more", { bytes: 1 })[0]?.type).toBe("wait");
  });

  it("lets no small call overtake a waiting large one", () => {
    const { call } = tableOf({ inFlightBytesMax: 10 });
    call("a", { bytes: 6 });
    call("large", { bytes: 6 });
    expect(call("small", { bytes: 1 })[0]?.type).toBe("wait");
  });

  it("does not hold back exempt calls and pings, nor count them", () => {
    const { table, call } = tableOf({ inFlightMax: 1, callsMax: 2 });
    expect(call("lock", { lane: "exempt" })[0]?.type).toBe("send");
    expect(call("a")[0]?.type).toBe("send");
    expect(codeOf(() => call("unlock", { lane: "exempt" }))).toBe("RPC_QUEUE_FULL");
    expect(call("ping", { lane: "ping" })[0]?.type).toBe("send");
    expect(table.outstanding).toBe(2);
  });

  it("refuses a call beyond the bound of calls, and of waiting bytes, and is unchanged", () => {
    const { table, call, reply } = tableOf({ inFlightMax: 1, callsMax: 3, queueBytesMax: 5 });
    call("a");
    call("b", { bytes: 5 });
    expect(codeOf(() => call("c", { bytes: 1 }))).toBe("RPC_QUEUE_FULL");
    call("d", { bytes: 0 });
    expect(codeOf(() => call("e", { bytes: 0 }))).toBe("RPC_QUEUE_FULL");
    expect(table.outstanding).toBe(3);
    expect(reply(1).at(-1)).toEqual({ type: "send", xid: 2, token: "b" });
    expect(call("f", { bytes: 5 })).toEqual([{ type: "wait", xid: 4, token: "f" }]);
  });
});

describe("giving up", () => {
  it("fails a call at its deadline: maybe executed when it was sent, not when it waited", () => {
    const { table, call } = tableOf({ inFlightMax: 1 });
    call("sent", { deadlineMs: 20 });
    call("waiting", { deadlineMs: 10 });
    expect(table.deadlineMs).toBe(10);
    expect(table.step({ type: "tick" }, 9)).toEqual([]);
    expect(table.step({ type: "tick" }, 10)).toEqual([
      { type: "fail", token: "waiting", code: "RPC_TIMEOUT", executed: "no" },
    ]);
    expect(table.deadlineMs).toBe(20);
    expect(table.step({ type: "tick" }, 20)).toEqual([
      { type: "fail", token: "sent", code: "RPC_TIMEOUT", executed: "maybe" },
    ]);
    expect(table.deadlineMs).toBeUndefined();
  });

  it("sends the next call into the room that a timeout leaves, but none whose time is up too", () => {
    const { table, call } = tableOf({ inFlightMax: 1 });
    call("a", { deadlineMs: 10 });
    call("b", { deadlineMs: 10 });
    call("c", { deadlineMs: 11 });
    expect(table.step({ type: "tick" }, 10)).toEqual([
      { type: "fail", token: "a", code: "RPC_TIMEOUT", executed: "maybe" },
      { type: "fail", token: "b", code: "RPC_TIMEOUT", executed: "no" },
      { type: "send", xid: 3, token: "c" },
    ]);
    expect(table.deadlineMs).toBe(11);
  });

  it("fails a cancelled call once, and nothing when it has ended", () => {
    const { table, call, reply } = tableOf({ inFlightMax: 1 });
    call("a");
    call("b");
    call("c");
    expect(table.step({ type: "cancel", xid: 2 }, 0)).toEqual([
      { type: "fail", token: "b", code: "RPC_ABORTED", executed: "no" },
    ]);
    expect(table.step({ type: "cancel", xid: 1 }, 0)).toEqual([
      { type: "fail", token: "a", code: "RPC_ABORTED", executed: "maybe" },
      { type: "send", xid: 3, token: "c" },
    ]);
    expect(table.step({ type: "cancel", xid: 1 }, 0)).toEqual([]);
    reply(3);
    expect(table.step({ type: "cancel", xid: 3 }, 0)).toEqual([]);
  });

  it("fails a call that the transport did not take, as not executed, and goes on", () => {
    const { table, call } = tableOf({ inFlightMax: 1 });
    call("a");
    call("b");
    expect(table.step({ type: "unsent", xid: 1, code: "RPC_RECORD_TOO_LARGE" }, 0)).toEqual([
      { type: "fail", token: "a", code: "RPC_RECORD_TOO_LARGE", executed: "no" },
      { type: "send", xid: 2, token: "b" },
    ]);
    expect(table.step({ type: "unsent", xid: 1, code: "RPC_DISCONNECTED" }, 0)).toEqual([]);
  });

  it("fails everything when the connection goes, each by what is known of it, and refuses what comes", () => {
    const { table, call, reply } = tableOf({ inFlightMax: 1 });
    call("sent", { deadlineMs: 5 });
    call("waiting");
    call("exempt", { lane: "exempt" });
    expect(table.step({ type: "down" }, 0)).toEqual([
      { type: "fail", token: "sent", code: "RPC_DISCONNECTED", executed: "maybe" },
      { type: "fail", token: "waiting", code: "RPC_DISCONNECTED", executed: "no" },
      { type: "fail", token: "exempt", code: "RPC_DISCONNECTED", executed: "maybe" },
    ]);
    expect(table.step({ type: "down" }, 0)).toEqual([]);
    expect(table.deadlineMs).toBeUndefined();
    expect(reply(1)).toEqual([{ type: "stray", xid: 1, kind: "duplicate" }]);
    expect(codeOf(() => call("new"))).toBe("RPC_DISCONNECTED");
  });

  it("remembers so many given-up calls and forgets the oldest", () => {
    const { table, call, reply } = tableOf({ abandonedMax: 2 });
    for (const token of ["a", "b", "c"]) call(token);
    for (const xid of [1, 2, 3]) table.step({ type: "cancel", xid }, 0);
    expect([1, 2, 3].map((xid) => reply(xid)[0])).toEqual([
      { type: "stray", xid: 1, kind: "duplicate" },
      { type: "stray", xid: 2, kind: "late" },
      { type: "stray", xid: 3, kind: "late" },
    ]);
  });
});
