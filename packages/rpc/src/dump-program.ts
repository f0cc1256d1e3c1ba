import { decodeBody, dump, encodeBody, type Program, programs } from "@brickshift/wire";
import type { ServedProgram } from "./program.js";

/**
 * `served` and, behind it, the DUMP program, which lists them all and answers pings.
 * Source: measured, vectors `dump-dump` and `dump-ping`.
 */
export function withDump(served: readonly ServedProgram[]): readonly ServedProgram[] {
  const listed: readonly Program[] = [...served, programs.dump];
  const pong = encodeBody(dump.ping.reply, { opRet: 0, opErrno: 0, xdata: null });
  const list = encodeBody(dump.dump.reply, {
    gfsId: 0n,
    opRet: 0,
    opErrno: 0,
    programs: listed.map(({ name, number, version }) => ({
      progname: name,
      prognum: BigInt(number),
      progver: BigInt(version),
    })),
  });
  const dumpProgram: ServedProgram = {
    ...programs.dump,
    procedures: new Set([dump.dump.number, dump.ping.number]),
    isExempt: true,
    handle(call) {
      const isPing = call.procedure === dump.ping.number;
      decodeBody(isPing ? dump.ping.request : dump.dump.request, call.body);
      void call.reply(isPing ? pong : list);
    },
  };
  return [...served, dumpProgram];
}
