/**
 * A journal in an LMDB database.
 *
 * @packageDocumentation
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Gfid } from "@brickshift/wire";
import { open, type RootDatabase } from "lmdb";
import type { z } from "zod";
import { type Intent, type Journal, JOURNAL_VERSION, type JournalStatus, type RunHeader } from "./journal.js";
import { faultOfJournal, sealJournal, unsealJournal } from "./journal-file.js";
import { takeJournalLock } from "./journal-lock.js";
import { headerRecord, intentRecord, noteRecord, versionRecord } from "./journal-records.js";
import { RebalanceError } from "./rebalance-error.js";
import type { RunCounts } from "./run-tally.js";

const HEADER = "header";
const NOTE = "note";
const INTENTS = "intent/";

/** How a journal is opened. */
export interface LmdbJournalInit {
  /** The directory of the journal; made when it is not there. */
  readonly directory: string;
  /** For a look only: takes no lock, and every change is refused. */
  readonly readOnly?: boolean;
}

/**
 * Opens a journal.
 * @throws RebalanceError `REBALANCE_JOURNAL_IN_USE`, `REBALANCE_JOURNAL_DAMAGED`, `REBALANCE_JOURNAL_VERSION`; a system
 * error when the directory cannot be made.
 */
export function openLmdbJournal({ directory, readOnly = false }: LmdbJournalInit): Journal {
  if (!readOnly) makeDirectory(directory);
  const unlock = readOnly ? () => {} : takeJournalLock(join(directory, "lock"));
  const file = join(directory, "journal.mdb");
  const seal = join(directory, "journal.seal");
  let database: RootDatabase<unknown, string> | undefined;
  try {
    const fault = faultOfJournal(file, seal);
    if (fault !== undefined) throw damaged(fault, undefined);
    if (!readOnly) unsealJournal(seal);
    // A promise of `put` shall mean that it is on the disk.
    database = open<unknown, string>({
      path: file,
      encoding: "json",
      overlappingSync: false,
      readOnly,
    });
    const journal = new LmdbJournal(database, () => {
      if (!readOnly) sealJournal(file, seal);
      unlock();
    });
    // What is damaged shall show before anything is moved.
    journal.status();
    return journal;
  } catch (error) {
    unlock();
    void database?.close();
    throw error instanceof RebalanceError ? error : damaged("it does not open", error);
  }
}

class LmdbJournal implements Journal {
  readonly #database: RootDatabase<unknown, string>;
  readonly #onClosed: () => void;
  readonly #intents = new Map<Gfid, Intent>();

  constructor(database: RootDatabase<unknown, string>, onClosed: () => void) {
    this.#database = database;
    this.#onClosed = onClosed;
  }

  status(): JournalStatus | undefined {
    const stored = this.#read(HEADER);
    if (stored === undefined) return undefined;
    const { version } = parse(versionRecord, stored, HEADER);
    if (version !== JOURNAL_VERSION) {
      const message = `it is of version ${version}, this program knows ${JOURNAL_VERSION}; use another directory`;
      throw new RebalanceError("REBALANCE_JOURNAL_VERSION", message);
    }
    const header = parse(headerRecord, stored, HEADER);
    const noted = this.#read(NOTE);
    const note = noted === undefined ? undefined : parse(noteRecord, noted, NOTE);
    const intents: Intent[] = [];
    // The key after all of them: "0" follows "/".
    for (const { key, value } of this.#database.getRange({ start: INTENTS, end: "intent0" })) {
      const intent = parse(intentRecord, value, key);
      intents.push(intent);
      this.#intents.set(intent.gfid, intent);
    }
    return { header, state: note?.state ?? "running", counts: note?.counts, intents };
  }

  async begin(header: RunHeader): Promise<void> {
    this.#intents.clear();
    await this.#database.clearAsync();
    await this.#database.put(HEADER, { startedWallMs: Date.now(), ...header });
  }

  async intent(intent: Intent): Promise<void> {
    this.#intents.set(intent.gfid, intent);
    await this.#database.put(INTENTS + intent.gfid, intent);
  }

  async committed(gfid: Gfid): Promise<void> {
    const intent = this.#intents.get(gfid);
    if (intent !== undefined) await this.intent({ ...intent, phase: "committed" });
  }

  async done(gfid: Gfid): Promise<void> {
    if (!this.#intents.delete(gfid)) return;
    await this.#database.remove(INTENTS + gfid);
  }

  async note(counts: RunCounts, state: JournalStatus["state"]): Promise<void> {
    await this.#database.put(NOTE, { counts, state });
  }

  async close(): Promise<void> {
    await this.#database.close();
    this.#onClosed();
  }

  #read(key: string): unknown {
    try {
      return this.#database.get(key);
    } catch (error) {
      throw damaged(`"${key}" cannot be read`, error);
    }
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, key: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(`"${key}" is not what it should be`, parsed.error);
}

function damaged(message: string, cause: unknown): RebalanceError {
  const next = "move the directory away and run again: the bricks tell what is done";
  return new RebalanceError("REBALANCE_JOURNAL_DAMAGED", `${message}; ${next}`, { cause });
}

/**
 * Makes a directory, and those above it, unless they are there. Throws the system's error.
 *
 * The recursive form of Node's `mkdirSync` never returns where the system makes no directory below one that is there, as in
 * /proc: it takes ENOENT for a missing parent again and again.
 */
function makeDirectory(directory: string): void {
  try {
    makeOne(directory);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeDirectory(dirname(directory));
    makeOne(directory);
  }
}

function makeOne(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !statSync(directory).isDirectory()) throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
