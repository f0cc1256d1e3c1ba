import { BufferPool, isTransportError, RecordAssembler } from "@brickshift/transport";
import { encodeRecordMark } from "@brickshift/wire";
import type { FuzzOutcome, FuzzTarget } from "../target.js";

const limits = { recordBytesMax: 4_096, fragmentsMax: 16 };

/** The stream of a peer, cut into reads by the input's first bytes. */
export const recordMarks: FuzzTarget = {
  name: "record marks",
  holds:
    "the records of a stream are the same however it is cut into reads, and none is larger than the limit",
  corpus: "packages/transport/test/corpus/record-marks",
  seeds() {
    const record = (length: number) => Buffer.concat([encodeRecordMark(length), Buffer.alloc(length, 7)]);
    const parts = [encodeRecordMark(3, false), Buffer.from("abc"), encodeRecordMark(2), Buffer.from("de")];
    return [
      Buffer.concat([Buffer.of(1), record(5), record(0), record(300)]),
      Buffer.concat([Buffer.of(9), ...parts, record(4_096)]),
      Buffer.concat([Buffer.of(3), record(4_097)]),
    ].map((bytes) => Uint8Array.from(bytes));
  },
  run(bytes) {
    const step = (bytes[0] ?? 0) + 1;
    const stream = bytes.subarray(1);
    const whole = assemble(stream, stream.length || 1);
    const cut = assemble(stream, step);
    if (whole.text !== cut.text) throw new Error(`read at once ${whole.text}, cut by ${step} ${cut.text}`);
    return whole.outcome;
  },
};

function assemble(
  stream: Uint8Array,
  step: number,
): { readonly text: string; readonly outcome: FuzzOutcome } {
  const assembler = new RecordAssembler(limits, new BufferPool({ poolBytesMax: 65_536 }));
  const records: string[] = [];
  let outcome: FuzzOutcome = "accepted";
  try {
    for (let at = 0; at < stream.length; at += step) {
      assembler.push(stream.slice(at, at + step));
      for (let record = assembler.next(); record !== undefined; record = assembler.next()) {
        if (record.length > limits.recordBytesMax) throw new Error(`a record of ${record.length} bytes`);
        records.push(Buffer.from(record).toString("hex"));
      }
    }
  } catch (error) {
    if (!isTransportError(error)) throw error;
    records.push(error.code);
    outcome = "refused";
  }
  return { text: records.join(" "), outcome };
}
