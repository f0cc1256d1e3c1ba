import { recordMark } from "@brickshift/transport";
import { expect, it } from "vitest";
import { codeOf, collect, pattern, quiet, type Stage, sameBytes, until } from "./stage.js";

/** One fragment; `recordMark` gives the mark of a last one. */
function fragment(bytes: Uint8Array, isLast: boolean): Uint8Array {
  const mark = recordMark(bytes.length);
  if (!isLast) mark[0] = (mark[0] ?? 0) & 0x7f;
  return Buffer.concat([mark, bytes]);
}

/** A stream of records in one and in several fragments, with the records it holds. */
function sample(): { readonly stream: Uint8Array; readonly records: readonly Uint8Array[] } {
  const records = [pattern(0, 1), pattern(1, 2), pattern(9, 3), pattern(150, 4), pattern(6, 5)];
  const [empty, one, joined, long, late] = records as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const none = new Uint8Array(0);
  const stream = Buffer.concat([
    fragment(empty, true),
    fragment(one, true),
    fragment(joined.subarray(0, 4), false),
    fragment(none, false),
    fragment(joined.subarray(4), true),
    fragment(long, true),
    fragment(late, false),
    fragment(none, true),
  ]);
  return { stream, records };
}

/** Bytes become records, however they are cut; runs where the transport has bytes. */
export function framing(stage: Stage): void {
  it("joins a stream that is cut at any point", async () => {
    const { raw, server } = await stage.rawPair();
    const got = collect(server);
    const { stream, records } = sample();
    for (let cut = 1; cut < stream.length; cut += 1) {
      await raw.write(stream.subarray(0, cut));
      await quiet();
      await raw.write(stream.subarray(cut));
      await until(() => got.length === records.length);
      expect(
        records.every((record, index) => sameBytes(got[index], record)),
        `cut at ${cut}`,
      ).toBe(true);
      got.length = 0;
    }
  });

  it("joins a stream that comes byte by byte", async () => {
    const { raw, server } = await stage.rawPair();
    const got = collect(server);
    const { stream, records } = sample();
    for (let at = 0; at < stream.length; at += 1) {
      await raw.write(stream.subarray(at, at + 1));
      await quiet();
    }
    await until(() => got.length === records.length);
    expect(records.every((record, index) => sameBytes(got[index], record))).toBe(true);
  });

  it("finds thousands of records in one write", async () => {
    const { raw, server } = await stage.rawPair();
    const got = collect(server);
    const records = Array.from({ length: 5_000 }, (_, index) => pattern(index % 61, index));
    await raw.write(Buffer.concat(records.map((record) => fragment(record, true))));
    await until(() => got.length === records.length);
    expect(records.every((record, index) => sameBytes(got[index], record))).toBe(true);
  });

  it.each([3, 4, 5, 1_000, 16_383, 16_384, 16_385, 150_000, 299_999])(
    "reads large records, in one and two fragments, with a pause at byte %i",
    async (cut) => {
      const { raw, server } = await stage.rawPair();
      const got = collect(server);
      const records = [pattern(300_000, 1), pattern(300_001, 2), pattern(30, 3)];
      const [one, two, three] = records as [Uint8Array, Uint8Array, Uint8Array];
      const stream = Buffer.concat([
        fragment(one, true),
        fragment(two.subarray(0, 100_000), false),
        fragment(two.subarray(100_000), true),
        fragment(three, true),
      ]);
      for (const [from, to] of [
        [0, cut],
        [cut, 300_004 + cut],
        [300_004 + cut, stream.length],
      ] as const) {
        await raw.write(stream.subarray(from, to));
        await quiet();
      }
      await until(() => got.length === records.length);
      expect(records.every((record, index) => sameBytes(got[index], record))).toBe(true);
    },
  );

  it("ends a connection whose peer announces too large a record, before its bytes come", async () => {
    const { raw, server } = await stage.rawPair({ recordBytesMax: 1_024 });
    const got = collect(server);
    await raw.write(Buffer.concat([fragment(pattern(1_024, 1), true), recordMark(1_025)]));
    expect(codeOf(await server.closed)).toBe("TRANSPORT_RECORD_TOO_LARGE");
    expect(got.map((record) => record.length)).toEqual([1_024]);
  });

  it("counts the fragments of a record together against its limit", async () => {
    const { raw, server } = await stage.rawPair({ recordBytesMax: 1_024 });
    collect(server);
    await raw.write(Buffer.concat([fragment(pattern(1_000, 1), false), recordMark(25)]));
    expect(codeOf(await server.closed)).toBe("TRANSPORT_RECORD_TOO_LARGE");
  });

  it("bounds the fragments of a record, though they are empty", async () => {
    const { raw, server } = await stage.rawPair({ fragmentsMax: 8 });
    const got = collect(server);
    const empty = fragment(new Uint8Array(0), false);
    const seven = Array.from({ length: 7 }, () => empty);
    await raw.write(Buffer.concat([...seven, fragment(pattern(3, 1), true)]));
    await until(() => got.length === 1);
    await raw.write(Buffer.concat([...seven, empty, empty]));
    expect(codeOf(await server.closed)).toBe("TRANSPORT_RECORD_INVALID");
  });

  it.each(["end", "destroy"] as const)("is lost when the peer's %s comes within a record", async (how) => {
    for (const bytes of [2, 4, 50, 100_000]) {
      const { raw, server } = await stage.rawPair();
      const got = collect(server);
      await raw.write(fragment(pattern(200_000, 1), true).subarray(0, bytes));
      await quiet();
      raw[how]();
      expect(codeOf(await server.closed), `after ${bytes} bytes`).toBe("TRANSPORT_LOST");
      expect(got).toEqual([]);
    }
  });

  it("settles pending sends when the peer vanishes", async () => {
    const { raw, server } = await stage.rawPair();
    collect(server);
    const sends = Array.from({ length: 64 }, () => server.send([new Uint8Array(1_024 * 1_024)]));
    const outcomes = Promise.allSettled(sends);
    await quiet();
    raw.destroy();
    const codes = (await outcomes).map((outcome) =>
      outcome.status === "rejected" ? codeOf(outcome.reason) : "sent",
    );
    for (const code of codes) expect(code).toBeOneOf(["sent", "TRANSPORT_LOST", "TRANSPORT_CLOSED"]);
    expect(codes).toContain("TRANSPORT_LOST");
    expect(codeOf(await server.closed)).toBe("TRANSPORT_LOST");
  });
}
