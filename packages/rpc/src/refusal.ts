import { AcceptStat, type ReplyHeader } from "@brickshift/wire";
import { type Refusal, RpcError } from "./rpc-error.js";

const refusals: ReadonlyMap<number, Refusal> = new Map(
  (Object.keys(AcceptStat) as (keyof typeof AcceptStat)[]).flatMap((stat) =>
    stat === "success" ? [] : [[AcceptStat[stat], stat] as const],
  ),
);

/** The error that a reply header other than success stands for; `undefined` for success. */
export function refusalError(header: ReplyHeader): RpcError | undefined {
  if (header.status === "denied") {
    const reason =
      header.rejectStat === 1 ? `authentication status ${header.authStat}` : "another RPC version";
    return new RpcError("RPC_DENIED", reason);
  }
  const refusal = refusals.get(header.acceptStat);
  if (refusal === undefined) return undefined;
  const versions = header.acceptStat === 2 ? `, versions ${header.low} to ${header.high}` : "";
  // Only a system error may have happened half-way; all others are found before anything is done.
  const executed = refusal === "systemError" ? "maybe" : "no";
  return new RpcError("RPC_REJECTED", `${refusal}${versions}`, { executed, refusal });
}
