import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { succeed } from "./support/command.js";
import { clientVolfile, connectedToAll, mountVolfile, uncached } from "./support/fuse-mount.js";
import { onBothKinds } from "./support/live-brick.js";
import { Scratch } from "./support/scratch.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

/**
 * As user 1500 with this many supplementary groups from 5000 on, tries to write the file of each path, to make an entry beside
 * it, and to give it to the first and the last group and to one that the user is not in.
 */
const program = `
import errno, os, sys
count, *paths = sys.argv[1:]
groups = [5000 + n for n in range(int(count))]
os.setgroups(groups); os.setgid(1500); os.setuid(1500)
def attempt(act):
    try:
        act()
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]
for path in paths:
    mine = path + "-mine" + count
    print(attempt(lambda: os.close(os.open(path, os.O_RDWR))), attempt(lambda: os.close(os.open(mine, os.O_CREAT | os.O_RDWR))),
        *(attempt(lambda: os.chown(mine, -1, gid)) for gid in (groups[0], groups[-1], 4999)))
`;

it("give a caller what is its groups' through a mount, however many there are, as on a stock brick", async () => {
  // Of more than 80 and some a client names the first only: the header of a call has no room for others.
  const counts = [1, 16, 80, 90, 200];
  const { ours, stock } = await onBothKinds(async (start) => {
    chmodSync(scratch.directory, 0o755);
    const bricks = [await start(scratch, "b0"), await start(scratch, "b1")];
    // Without the kernel's own checks, so that it is up to the client's and the bricks'.
    const flags = [...uncached, "--acl"];
    const mount = await mountVolfile(scratch, clientVolfile(bricks), `${bricks[0]?.kind}-mnt`, flags);
    await connectedToAll(mount, bricks);
    const said: Record<number, string[]> = {};
    for (const count of counts) {
      const paths = [5000, 5000 + count - 1, 5000 + count].map((gid, index) => {
        const directory = `${mount.path}/of-${count}-${index}`;
        mkdirSync(directory);
        writeFileSync(`${directory}/file`, "content");
        for (const path of [directory, `${directory}/file`]) {
          chownSync(path, 0, gid);
          chmodSync(path, 0o770);
        }
        return `${directory}/file`;
      });
      said[count] = (await succeed("python3", ["-c", program, String(count), ...paths])).trim().split("\n");
    }
    return said;
  });
  expect(ours).toEqual(stock);
  // Of the first group, the last, and one that it is not in.
  for (const count of counts.filter((each) => each <= 80)) {
    expect([count, ours[count]]).toEqual([
      count,
      ["ok ok ok ok EPERM", "ok ok ok ok EPERM", "EACCES EACCES EACCES EACCES EACCES"],
    ]);
  }
  expect(ours[200]?.[1]).toBe("EACCES EACCES EACCES EACCES EACCES");
});
