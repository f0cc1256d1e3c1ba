import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { AckLog } from "./ack-log.js";
import { type BlockId, blockBytes, blocksOf, lengthOfBlock, renderBlock } from "./block.js";
import type { BrickPair } from "./brick-pair.js";
import type { ManifestFile } from "./manifest.js";

/** What a writer process is told at its start. */
export interface WriterSpec {
  /** Index of this writer, and how many there are: block `b` belongs to writer `b mod writers`. */
  readonly writer: number;
  readonly writers: number;
  /** Writes per second that it tries to make. */
  readonly ratePerSecond: number;
  /** Addresses of the two bricks; the source first. */
  readonly bricks: readonly string[];
  readonly manifestPath: string;
  readonly ackLogPath: string;
}

/** What the parent tells a writer. */
export type WriterCommand =
  | { readonly type: "moving" | "moved"; readonly file: number }
  | { readonly type: "stop" };

/** What a writer tells its parent. */
export type WriterMessage =
  | { readonly type: "ready" }
  | { readonly type: "latencies"; readonly latenciesUs: number[] }
  | { readonly type: "failed"; readonly file: string; readonly message: string }
  | { readonly type: "stopped"; readonly unanswered: number };

const inFlightMax = 64;
const reportEveryMs = 200;
/** How long a writer that was told to stop waits for the answers to what it has sent. */
const settleMs = 15_000;

/**
 * Keeps overwriting its blocks: half of the writes go to files that are being moved right now, a quarter to
 * the large files, the rest anywhere. Paced as an open loop: a slow answer does not slow the next write.
 */
export class BlockWriter {
  readonly #spec: WriterSpec;
  readonly #pair: BrickPair;
  readonly #files: readonly ManifestFile[];
  readonly #large: readonly ManifestFile[];
  readonly #log: AckLog;
  readonly #tell: (message: WriterMessage) => void;
  readonly #moving = new Set<number>();
  readonly #busy = new Set<string>();
  readonly #abort = new AbortController();
  readonly #random: () => number;
  #latenciesUs: number[] = [];
  #running = true;

  constructor(
    spec: WriterSpec,
    pair: BrickPair,
    files: readonly ManifestFile[],
    tell: (message: WriterMessage) => void,
    random: () => number,
  ) {
    this.#spec = spec;
    this.#pair = pair;
    this.#files = files.filter((file) => blocksOf(file.sizeBytes) > 0);
    this.#large = this.#files.filter((file) => "seed" in file.origin);
    this.#log = new AckLog(spec.ackLogPath);
    this.#tell = tell;
    this.#random = random;
    // Each write that comes round again, when its brick is away or its file on the move, listens once.
    setMaxListeners(inFlightMax, this.#abort.signal);
  }

  /** Takes a command of the parent. */
  command(command: WriterCommand): void {
    if (command.type === "moving") this.#moving.add(command.file);
    else if (command.type === "moved") this.#moving.delete(command.file);
    else this.#running = false;
  }

  /** Writes until told to stop, then waits for the answers and reports what got none. */
  async run(): Promise<void> {
    this.#tell({ type: "ready" });
    const startedAt = performance.now();
    let reportedAt = startedAt;
    let written = 0;
    while (this.#running) {
      const now = performance.now();
      const due = Math.floor(((now - startedAt) * this.#spec.ratePerSecond) / 1_000);
      // After a long stall the pace starts anew: a burst of everything missed would measure itself.
      if (due - written > this.#spec.ratePerSecond) written = due - 1;
      while (written < due && this.#busy.size < inFlightMax) {
        this.#writeOne();
        written += 1;
      }
      if (now - reportedAt >= reportEveryMs) {
        reportedAt = now;
        this.#report();
      }
      await sleep(Math.max(1, Math.min(20, 1_000 / this.#spec.ratePerSecond)));
    }
    const deadline = performance.now() + settleMs;
    while (this.#busy.size > 0 && performance.now() < deadline) await sleep(10);
    const unanswered = this.#busy.size;
    this.#abort.abort();
    this.#report();
    this.#tell({ type: "stopped", unanswered });
  }

  #report(): void {
    this.#log.flush();
    if (this.#latenciesUs.length > 0) this.#tell({ type: "latencies", latenciesUs: this.#latenciesUs });
    this.#latenciesUs = [];
  }

  #writeOne(): void {
    const file = this.#pickFile();
    const block = file === undefined ? undefined : this.#pickBlock(file);
    if (file === undefined || block === undefined) return;
    const key = `${file.index}:${block}`;
    if (this.#busy.has(key)) return;
    this.#busy.add(key);
    void this.#write(file, block).finally(() => this.#busy.delete(key));
  }

  async #write(file: ManifestFile, block: number): Promise<void> {
    const id: BlockId = { file: file.index, block, writer: this.#spec.writer };
    const version = this.#log.history(file.index, block).attempted + 1;
    const bytes = renderBlock(id, version, lengthOfBlock(block, file.sizeBytes));
    this.#log.attempt(file.index, block, version);
    const sentAt = performance.now();
    try {
      await this.#pair.write(file.gfid, block * blockBytes, bytes, this.#abort.signal);
      this.#log.acknowledge(file.index, block, version);
      this.#latenciesUs.push((performance.now() - sentAt) * 1_000);
    } catch (error) {
      if (!this.#abort.signal.aborted)
        this.#tell({ type: "failed", file: file.path, message: String(error) });
    }
  }

  #pickFile(): ManifestFile | undefined {
    const dice = this.#random();
    if (dice < 0.5 && this.#moving.size > 0) {
      const moving = [...this.#moving];
      return this.#fileAt(moving[Math.floor(this.#random() * moving.length)] as number);
    }
    const pool = dice < 0.75 && this.#large.length > 0 ? this.#large : this.#files;
    return pool[Math.floor(this.#random() * pool.length)];
  }

  #fileAt(index: number): ManifestFile | undefined {
    // The manifest is in order of index, with the files too short to be written left out.
    let low = 0;
    let high = this.#files.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const file = this.#files[middle] as ManifestFile;
      if (file.index === index) return file;
      if (file.index < index) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  #pickBlock(file: ManifestFile): number | undefined {
    const blocks = blocksOf(file.sizeBytes);
    const mine = Math.ceil((blocks - this.#spec.writer) / this.#spec.writers);
    if (mine <= 0) return undefined;
    return this.#spec.writer + Math.floor(this.#random() * mine) * this.#spec.writers;
  }
}
