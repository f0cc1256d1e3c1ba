import { i32, name } from "./primitives.js";
import { procedure } from "./procedure.js";

const result = { opRet: i32, opErrno: i32 } as const;

/**
 * The program that tells which port a brick listens on.
 * Source: measured, vectors `pmap-*`; BRICKBYPORT from its definition.
 */
export const portmap = {
  portByBrick: procedure(1, "PORTBYBRICK", { brick: name }, { ...result, status: i32, port: i32 }),
  brickByPort: procedure(2, "BRICKBYPORT", { port: i32 }, { ...result, status: i32, brick: name }),
  signin: procedure(4, "SIGNIN", { brick: name, port: i32, pid: i32 }, result),
  signout: procedure(5, "SIGNOUT", { brick: name, port: i32, rdmaPort: i32 }, result),
} as const;
