import { FileType } from "@brickshift/wire";
import { inheritedAcl } from "./acl-mode.js";
import type { Acl } from "./posix-acl.js";

const SETUID = 0o4000;
const SETGID = 0o2000;
const GROUP_EXECUTES = 0o010;
const DIRECTORY_BITS = 0o1777;

/** Mode and ACLs that a new object begins with. */
export interface NewProtection {
  readonly mode: number;
  readonly access: Acl | undefined;
  /** The default ACL of a new directory. */
  readonly inherited: Acl | undefined;
}

/**
 * What a new object of `type` gets. A default ACL of its directory stands in the place of the umask. Set-id bits do not
 * come with the creation: a stock brick gives the object to its owner afterwards, which takes them away.
 * Source: acl(5), object creation and default ACLs; measured on a 10.3 brick.
 */
export function newProtection(
  type: number,
  mode: number,
  umask: number,
  defaultAcl: Acl | undefined,
): NewProtection {
  if (type === FileType.symlink) return { mode: 0o777, access: undefined, inherited: undefined };
  const isDirectory = type === FileType.directory;
  const wanted = isDirectory ? mode & DIRECTORY_BITS : withoutSetId(mode);
  if (defaultAcl === undefined) return { mode: wanted & ~umask, access: undefined, inherited: undefined };
  const { acl, mode: allowed } = inheritedAcl(defaultAcl, wanted);
  return { mode: allowed, access: acl, inherited: isDirectory ? defaultAcl : undefined };
}

/** The mode of what is no directory after its owner was set. Source: chown(2). */
export function withoutSetId(mode: number): number {
  const keepsGroup = (mode & GROUP_EXECUTES) === 0;
  return mode & ~(SETUID | (keepsGroup ? 0 : SETGID));
}
