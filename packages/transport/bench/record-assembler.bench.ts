import { BufferPool, RecordAssembler, recordMark } from "../src/index.js";

/**
 * Records per second through the assembler alone, without a socket. From this package's directory, seconds per row being the argument:
 *
 *   npx esbuild bench/record-assembler.bench.ts --bundle --platform=node --format=esm --outfile=dist/record-assembler.bench.mjs \
 *     && node dist/record-assembler.bench.mjs 1
 */
const durationMs = Number(process.argv[2] ?? 0.2) * 1_000;

for (const recordBytes of [64, 200, 4_096, 131_072, 1_048_576]) {
  const pool = new BufferPool({ poolBytesMax: 16 * 1_024 * 1_024 });
  const assembler = new RecordAssembler({ recordBytesMax: 16 * 1_024 * 1_024, fragmentsMax: 16 }, pool);
  const mark = recordMark(recordBytes);
  const record = new Uint8Array(mark.length + recordBytes);
  record.set(mark);
  // Whole records in a row, so that a read may end anywhere in one.
  const perRow = Math.max(1, Math.ceil(65_536 / record.length));
  const row = new Uint8Array(record.length * perRow);
  for (let index = 0; index < perRow; index += 1) row.set(record, index * record.length);
  let at = 0;
  let records = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs) {
    const target = assembler.target();
    const count = Math.min(target.length, row.length - at);
    // Stands for the copy that the kernel makes.
    target.set(row.subarray(at, at + count));
    assembler.filled(count);
    at = (at + count) % row.length;
    for (let whole = assembler.next(); whole !== undefined; whole = assembler.next()) {
      records += 1;
      pool.recycle(whole);
    }
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const megabytes = (records * recordBytes) / seconds / 1e6;
  process.stdout.write(
    `${String(recordBytes).padStart(8)} B ${(records / seconds).toFixed(0).padStart(10)} records/s ${megabytes.toFixed(0).padStart(6)} MB/s\n`,
  );
}
