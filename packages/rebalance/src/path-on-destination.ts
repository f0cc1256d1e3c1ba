import { dictText, type Gfid } from "@brickshift/wire";
import type { RunContext } from "./run-context.js";

const NAME = "glusterfs.gfid2path";

/** The path of an inode of the destination, for messages; its gfid in brackets when the brick does not tell. Never rejects. */
export async function pathOnDestination(
  { destination, options }: Pick<RunContext, "destination" | "options">,
  gfid: Gfid,
): Promise<string> {
  const request = { gfid, namelen: NAME.length, name: NAME, xdata: null };
  const asked = destination.fops.getxattr(request, { timeoutMs: options.fopTimeoutMs });
  const { dict } = await asked.catch(() => ({ dict: null }));
  return (dict === null ? undefined : dictText(dict, NAME)) ?? `<gfid:${gfid}>`;
}
