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

/** The version alone: what has another one is refused before it is looked at. */
export const versionRecord = z.looseObject({ version: z.int() });

/** A `JournalHeader` as it is stored. */
export const headerRecord = z.strictObject({
  version: z.int(),
  source: brick,
  destination: brick,
  protection: z.enum(["lease", "none"]),
  startedWallMs: count,
});

/** An `Intent` as it is stored. */
export const intentRecord = z.strictObject({
  gfid,
  path: z.string(),
  link: z.strictObject({ pargfid: gfid, bname: z.string() }),
  fence: z.string().regex(/^\d{1,20}$/),
  phase: z.enum(["intent", "committed"]),
});

/** How far a run was, as it is stored. */
export const noteRecord = z.strictObject({
  state: z.enum(["running", "finished"]),
  counts: z.strictObject({
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
  }),
});
