import { type Gfid, parseGfid } from "@brickshift/wire";
import { z } from "zod";
import { clientKinds } from "../../simulation/scenario.js";

const gfid = z.string().transform((text): Gfid => parseGfid(text));

/** What a player is told on its standard input, a line each. */
export const playerMessage = z.discriminatedUnion("do", [
  z.strictObject({
    do: z.literal("play"),
    seed: z.int(),
    /** Beginning of the round, in nanoseconds of the monotonic clock. */
    base: z.string(),
    /** Where the histories of its clients go. */
    history: z.string(),
    /** Numbers that nobody else writes begin here. */
    firstValue: z.int(),
    /** Ports of the ways to the two bricks. */
    ports: z.tuple([z.int(), z.int()]),
    files: z.array(
      z.strictObject({
        name: z.string(),
        gfid,
        blocks: z.int(),
        isResized: z.boolean(),
        isRenamed: z.boolean(),
        isUnlinked: z.boolean(),
      }),
    ),
    clients: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(clientKinds),
        operations: z.int(),
        pauseMsMax: z.number(),
      }),
    ),
  }),
  z.strictObject({ do: z.literal("end") }),
]);
export type PlayOrder = Extract<z.input<typeof playerMessage>, { do: "play" }>;
