import { decodeFopRequest, fopByNumber, type FopName, getXdata, LeaseCmd, programs } from "@brickshift/wire";

/** What a record is, in a word: the name of a fop, with the step or the command where that matters. */
export type CallName = FopName | "lease-set" | "lease-unlock" | `migration-${string}` | "other";

/** The number that a call and its reply have in common. */
export function xidOf(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset).getUint32(0);
}

export function callName(program: number, procedure: number, body: Uint8Array): CallName {
  if (program !== programs.fop.number) return "other";
  const name = fopByNumber(procedure) ?? "other";
  if (name === "lease") {
    const { lease } = decodeFopRequest("lease", body);
    return lease.cmd === LeaseCmd.unlock ? "lease-unlock" : lease.cmd === LeaseCmd.set ? "lease-set" : name;
  }
  if (name !== "setxattr") return name;
  const step = getXdata(decodeFopRequest("setxattr", body).dict, "migration");
  return step === undefined ? name : `migration-${step}`;
}
