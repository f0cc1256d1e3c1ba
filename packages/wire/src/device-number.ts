/**
 * The number of a device as {@link Iatt.rdev} has it: the major number in the upper 32 bits, the minor in the lower.
 *
 * @param dev the number as Linux has it in `st_rdev`, and MKNOD in its `dev`.
 * Source: measured, MKNOD of 0x801 is answered with 0x800000001.
 */
export function rdevOfDevice(dev: bigint): bigint {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return (major << 32n) | minor;
}

/** The reverse of {@link rdevOfDevice}: what MKNOD takes to make a device with these attributes again. */
export function deviceOfRdev(rdev: bigint): bigint {
  const major = rdev >> 32n;
  const minor = rdev & 0xffffffffn;
  return (
    ((major & 0xfffn) << 8n) |
    ((major & 0xfffff000n) << 32n) |
    (minor & 0xffn) |
    ((minor & 0xffffff00n) << 12n)
  );
}
