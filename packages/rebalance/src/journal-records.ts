import { parseGfid } from "@brickshift/wire";
import { z } from "zod";

const gfid = z.string().transform((text, context) => {
  try {
    return parseGfid(text);
  } catch {
    context.addIssue({ code: "custom", message: "not a gfid" });
    return z.NEVER;
  }
});
const count = z.number().min(0);
const brick = z.strictObject({ id: gfid, name: z.string().min(1) });

/** The first line, the same in all versions: what has another one is refused before more is looked at. */
export const versionRecord = z.looseObject({ type: z.literal("journal"), version: z.int() });

/** A `JournalHeader` as it is stored. */
const headerRecord = z.strictObject({
  version: z.int(),
  source: brick,
  destination: brick,
  protection: z.enum(["lease", "none"]),
  startedWallMs: count,
});

/** An `Intent` as it is stored. */
const intentRecord = z.strictObject({
  gfid,
  path: z.string(),
  link: z.strictObject({ pargfid: gfid, bname: z.string() }),
  fence: z.string().regex(/^\d{1,20}$/),
  phase: z.enum(["intent", "committed"]),
});

/** `RunCounts` as they are stored. */
const countsRecord = z.strictObject({
  moved: count,
  alreadyMoved: count,
  vanished: count,
  skipped: count,
  failed: count,
  reasons: z.record(z.string(), count),
  movedBytes: count,
  writtenBytes: count,
  directories: count,
  recovered: count,
  leases: count,
  recalls: count,
  transactions: count,
  replays: count,
  passes: count,
});

/** A record after the first line. */
export const journalRecord = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("run"), header: headerRecord }),
  z.strictObject({ type: z.literal("intent"), intent: intentRecord }),
  z.strictObject({ type: z.literal("committed"), gfid }),
  z.strictObject({ type: z.literal("done"), gfid }),
  z.strictObject({
    type: z.literal("note"),
    state: z.enum(["running", "finished"]),
    counts: countsRecord,
  }),
]);
export type JournalRecord = z.output<typeof journalRecord>;
