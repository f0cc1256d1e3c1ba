import { nameByteLength } from "@brickshift/wire";
import { BrickError } from "../brick-error.js";
import { TreeError } from "../tree/tree-error.js";

/** Longest name of an xattr, in bytes. Source: Linux, `XATTR_NAME_MAX`. */
const NAME_BYTES_MAX = 255;
const names = /^((trusted|user|security)\.|system\.posix_acl_(access|default)$)/;
const bareNamespace = /^(trusted|user|security)\.$/;

/**
 * Whether Linux knows xattrs of such a name at all, which it says before whether there is one.
 * @throws `TreeError` `TREE_XATTR_NAME_TOO_LONG`, also for none; `BrickError` `BRICK_UNSUPPORTED` for a name of no namespace,
 *   `BRICK_ARGUMENT` for a namespace without a name.
 */
export function checkXattrName(name: string): void {
  if (name === "" || nameByteLength(name) > NAME_BYTES_MAX) {
    throw new TreeError("TREE_XATTR_NAME_TOO_LONG", `an xattr name has 1 to ${NAME_BYTES_MAX} bytes`);
  }
  if (bareNamespace.test(name)) throw new BrickError("BRICK_ARGUMENT", `"${name}" names no xattr`);
  if (!names.test(name)) throw new BrickError("BRICK_UNSUPPORTED", `"${name}" is no xattr`);
}
