/**
 * Zod schemas of the wire's ids and of what Brickshift's peers tell each other: for options, settings and
 * tests. Nothing on the path of a message uses them, and only this subpath loads zod.
 *
 * @packageDocumentation
 */
import { z } from "zod";
import type { XdataName, XdataValues } from "./brickshift-xdata.js";
import { type Epoch, type Gfid, type LeaseId, parseGfid, parseLeaseId } from "./ids.js";

const sizeBytes = z.int().nonnegative();

/** A gfid in RFC 4122 text, made lower-case. */
export const gfidSchema = z.guid().transform((text): Gfid => parseGfid(text));

/** A lease-id of 32 hex digits, made lower-case. */
export const leaseIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/i, "a lease-id is 32 hex digits")
  .transform((text): LeaseId => parseLeaseId(text));

/** An epoch or fence: unsigned 64 bits. */
export const epochSchema = z
  .bigint()
  .nonnegative()
  .lt(1n << 64n)
  .transform((value) => value as Epoch);

/** A name in a directory: not empty, no slash, no NUL, neither `.` nor `..`. */
export const nameSchema = z
  .string()
  .min(1)
  .refine((name) => !name.includes("/") && !name.includes("\0"), "a name has no slash and no NUL")
  .refine((name) => name !== "." && name !== "..", "a name is neither . nor ..");

/** The name of an xattr: not empty, no NUL. */
export const xattrNameSchema = z
  .string()
  .min(1)
  .refine((name) => !name.includes("\0"), "the name of an xattr has no NUL");

/** A range of a file in bytes. */
export const extentSchema = z.strictObject({ offset: sizeBytes, length: sizeBytes });

/** One name of an inode. */
export const parentLinkSchema = z.strictObject({ pargfid: gfidSchema, bname: nameSchema });

/** A migration target. */
export const heldTargetSchema = z.strictObject({
  gfid: gfidSchema,
  source: gfidSchema,
  fence: epochSchema,
  madeUnder: epochSchema,
  phase: z.enum(["filling", "prepared"]),
});

/** What a lease covers. */
export const leaseScopeSchema = z.enum(["open", "data"]);

/** A step of a migration. */
export const migrationStepSchema = z.enum(["target", "prepare", "publish", "abort", "commit"]);

/** The values under the keys of `XDATA`; attributes have no schema, as they come from bricks only. */
export const xdataSchemas = {
  leaseId: leaseIdSchema,
  leaseScope: leaseScopeSchema,
  leaseEpoch: epochSchema,
  fence: epochSchema,
  source: gfidSchema,
  madeUnder: epochSchema,
  dirtySince: epochSchema,
  dirtyExtents: z.union([z.literal("unknown"), z.array(extentSchema).readonly()]),
  locks: z.int().min(0).max(0xffff_ffff),
  leaseState: z.string(),
  linkto: z.string().min(1),
  migration: migrationStepSchema,
  links: z.array(parentLinkSchema).readonly(),
  xattrs: z.map(xattrNameSchema, z.instanceof(Uint8Array)),
  targets: z.array(heldTargetSchema).readonly(),
  targetsAfter: gfidSchema,
  commit: epochSchema,
  commitOf: gfidSchema,
  commitsSince: epochSchema,
  published: epochSchema,
} as const satisfies {
  readonly [N in Exclude<XdataName, "attributes">]: z.ZodType<XdataValues[N]>;
};
