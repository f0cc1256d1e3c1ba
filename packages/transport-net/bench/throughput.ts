import type { Connection, Transport } from "@brickshift/transport";

/** One way of loading a connection. */
export interface Load {
  readonly name: string;
  readonly recordBytes: number;
  /** Sends that are under way at a time. */
  readonly outstanding: number;
  /** Whether the far end sends every record back. */
  readonly isEcho: boolean;
}

/** What went over the connection. */
export interface Throughput {
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** The loads that are reported. */
export const loads: readonly Load[] = [
  { name: "200 B one way", recordBytes: 200, outstanding: 256, isEcho: false },
  { name: "200 B there and back", recordBytes: 200, outstanding: 256, isEcho: true },
  { name: "128 KiB one way", recordBytes: 128 * 1_024, outstanding: 8, isEcho: false },
  { name: "1 MiB one way", recordBytes: 1_024 * 1_024, outstanding: 8, isEcho: false },
];

/** The end that is measured against: takes what comes, and sends back what a first byte of 1 marks. */
export function serve(connection: Connection): void {
  connection.receive((record) => {
    if (record[0] !== 1) {
      connection.recycle?.(record);
      return;
    }
    connection.send([record]).catch(() => {});
  });
}

/** Loads a new connection to `address`, where {@link serve} is, for `durationMs`. */
export async function measure(
  transport: Transport,
  address: string,
  load: Load,
  durationMs: number,
): Promise<Throughput> {
  const connection = await transport.connect(address);
  const header = Uint8Array.of(load.isEcho ? 1 : 0, 0, 0, 0);
  const payload = new Uint8Array(load.recordBytes - header.length);
  const waiting: (() => void)[] = [];
  connection.receive(() => waiting.shift()?.());
  const startMs = performance.now();
  let records = 0;
  const sender = async () => {
    while (performance.now() - startMs < durationMs) {
      const echoed = load.isEcho ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined;
      await connection.send([header, payload]);
      await echoed;
      records += 1;
    }
  };
  await Promise.all(Array.from({ length: load.outstanding }, sender));
  // Only what arrived counts: the orderly end comes when the far end has read everything.
  await connection.close();
  const seconds = (performance.now() - startMs) / 1_000;
  return { records, bytes: records * load.recordBytes, seconds };
}
