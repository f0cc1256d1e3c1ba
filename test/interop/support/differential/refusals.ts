import type { FopName } from "@brickshift/wire";
import type { Step } from "./step.js";

/** Two errnos for one refusal. */
export interface Refusal {
  /** As docs/deviations.md lists it, with the reason. */
  readonly name: string;
  readonly fops: readonly FopName[];
  /** What ours and what a 10.3 brick says, as `OURS/STOCK`. */
  readonly errnos: readonly string[];
  /** Requests of which it may be so; all when absent. */
  readonly when?: (step: Step) => boolean;
}

const making = ["mkdir", "mknod", "symlink", "create", "link"] as const;
const onNames = ["lookup", ...making, "unlink", "rmdir", "rename"] as const;
const onXattrs = ["getxattr", "setxattr", "removexattr", "fgetxattr", "fsetxattr", "fremovexattr"] as const;

const isOdd = (name: unknown) => typeof name === "string" && ["", ".", "..", "a/b"].includes(name);
const hasOddName = ({ input }: Step) =>
  [input["bname"], input["oldbname"], input["newbname"]].some((name) => isOdd(name));
const isAnonymous = ({ input }: Step) => input["fd"] === -2;
const isBareUser = ({ input }: Step) =>
  input["name"] === "user." || Object.keys(input["dict"] ?? {}).includes("user.");

/** Every pair of errnos that the scripts have met and that is allowed. */
export const refusals: readonly Refusal[] = [
  {
    name: "no-directory",
    fops: onNames,
    errnos: ["ENOTDIR", "ESTALE", "EINVAL", "ENAMETOOLONG", "EEXIST", "ENOENT"].map(
      (ours) => `${ours}/EPERM`,
    ),
  },
  {
    name: "odd-name",
    fops: onNames,
    errnos: ["EINVAL/EEXIST", "EINVAL/ENOENT", "ENOENT/EINVAL", "ESTALE/EINVAL"],
    when: hasOddName,
  },
  {
    name: "behind-link",
    fops: ["truncate", "opendir"],
    errnos: [
      "EINVAL/ENOENT",
      "EINVAL/ENAMETOOLONG",
      "ENOTDIR/ENOENT",
      "ENOTDIR/ENAMETOOLONG",
      "EFBIG/ENOENT",
      "EFBIG/ENAMETOOLONG",
    ],
  },
  { name: "anonymous-device", fops: ["read", "write"], errnos: ["EBADF/EINVAL"], when: isAnonymous },
  { name: "bare-user-xattr", fops: onXattrs, errnos: ["EINVAL/EPERM", "EINVAL/ENODATA"], when: isBareUser },
  {
    name: "two-faults",
    fops: ["mkdir", "mknod", "symlink", "create"],
    errnos: ["EINVAL/EEXIST"],
    when: ({ input }) => Object.keys(input["xdata"] ?? {}).length === 0,
  },
  {
    name: "two-faults",
    fops: ["symlink"],
    errnos: ["ENOENT/EEXIST"],
    when: ({ input }) => input["linkname"] === "",
  },
  { name: "two-faults", fops: ["truncate"], errnos: ["EFBIG/EISDIR", "EFBIG/EINVAL"] },
  { name: "two-faults", fops: ["fgetxattr", "fremovexattr"], errnos: ["EBADF/ERANGE"], when: isAnonymous },
  {
    name: "two-faults",
    fops: ["entrylk", "fentrylk"],
    errnos: ["ENAMETOOLONG/ESTALE", "ENAMETOOLONG/EINVAL", "ENAMETOOLONG/EAGAIN"],
  },
];
