import type { BrickClient } from "@brickshift/brick-client";
import type { CallerCase, NameAct, ObjectAct, Thing } from "./cases.js";
import { nameActs } from "./name-acts.js";
import { objectActs } from "./object-acts.js";
import { Stage } from "./stage.js";

/** Cases at one time on one brick. */
const WORKERS = 32;

/** Carries out the cases on a brick, apart from each other; what came of each, in parts. */
export async function runCases(client: BrickClient, cases: readonly CallerCase[]): Promise<string[][]> {
  const results: string[][] = [];
  const left = cases.entries();
  const worker = async () => {
    for (const [index, given] of left) results[index] = await runCase(client, given, index);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return results;
}

async function runCase(client: BrickClient, given: CallerCase, index: number): Promise<string[]> {
  const stage = new Stage(client, given);
  await stage.set(index);
  const act = { ...objectActs, ...nameActs }[given.act satisfies ObjectAct | NameAct];
  await act(stage);
  await stage.showAll();
  return stage.parts.flatMap((part) => part.split(" "));
}

/** What a case is, in words. */
export function describeCase({ parent, object, replaced, elsewhere, caller, act }: CallerCase): string {
  const things = { parent, object, elsewhere, replaced };
  const told = Object.entries(things).flatMap(([role, thing]) =>
    thing === undefined ? [] : [`${role} ${describeThing(thing)}`],
  );
  return `${act} by ${caller}: ${told.join(", ")}`;
}

function describeThing({ type, mode, uid = 1001, gid = 2001, access, inherited }: Thing): string {
  const acls = [access, inherited].map((acl) => acl?.map((entry) => entry.join(":")).join(",") ?? "no ACL");
  return `${type} ${mode.toString(8)} of ${uid}:${gid} (${acls.join("; ")})`;
}
