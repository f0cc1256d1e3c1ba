import { type AclEntry, encodeAcl } from "./posix-acl.js";

/** Callers as the player takes them: uid, gid, and other groups. */
const callers = {
  root: "0:0",
  owner: "1001:2001",
  member: "1002:2001",
  supplementary: "1003:2003:2002,2001",
  stranger: "1004:2004",
} as const;
const { root, owner, member, stranger } = callers;

const [RDONLY, WRONLY, RDWR] = [0, 1, 2] as const;
const [CREAT, EXCL, TRUNC, APPEND, DIRECT] = [0o100, 0o200, 0o1000, 0o2000, 0o40000] as const;
const DIRECTORY = 0o200000;

/** Modes of the directory in which everything happens, and who owns it. */
const parents = [
  [0o755, 1001],
  [0o777, 1009],
  [0o1777, 1009],
  [0o3770, 1001],
  [0o730, 1009],
  [0o004, 1001],
] as const;

/** The script, a system call a line. With `all`, every caller comes to every directory; otherwise each to some. */
export function script(all: boolean): readonly string[] {
  return [...permissionLines(all ? 1 : 4), ...aclLines(), ...nameLines(), ...kindLines(), ...dataLines()];
}

function* permissionLines(every: number): Generator<string> {
  let index = 0;
  for (const [mode, uid] of parents) {
    for (const caller of Object.values(callers)) {
      index += 1;
      if (index % every !== 0) continue;
      yield* furnished(`./g${index}`, `./h${index}`, mode, uid);
      yield* everything(caller, `./g${index}`, `./h${index}`);
    }
  }
}

/** A directory with things of 1001:2001 in it, and another that is open to all. */
function* furnished(here: string, there: string, mode: number, uid: number): Generator<string> {
  yield `${root} mkdir ${here} 0755`;
  yield `${root} mkdir ${there} 0777`;
  yield `${root} open ${here}/file ${CREAT | WRONLY} 0640`;
  yield `${root} open ${here}/other ${CREAT | WRONLY} 0666`;
  yield `${root} open ${there}/file ${CREAT | WRONLY} 0644`;
  yield `${root} mkdir ${here}/empty 0750`;
  yield `${root} mkdir ${here}/full 0755`;
  yield `${root} open ${here}/full/x ${CREAT | WRONLY} 0600`;
  yield `${root} symlink =file ${here}/link`;
  for (const name of ["file", "empty", "link"]) yield `${root} lchown ${here}/${name} 1001 2001`;
  yield `${root} chown ${here} ${uid} 2001`;
  yield `${root} chmod ${here} ${mode}`;
}

function* everything(caller: string, here: string, there: string): Generator<string> {
  for (const flags of [RDONLY, WRONLY, RDWR, WRONLY | TRUNC, WRONLY | APPEND, RDONLY | DIRECTORY])
    yield `${caller} open ${here}/file ${flags} 0`;
  for (const mask of [0, 1, 2, 4, 7]) yield `${caller} access ${here}/file ${mask}`;
  yield `${caller} list ${here}`;
  yield `${caller} list ${here}/empty`;
  yield `${caller} stat ${here}/full/x`;
  yield `${caller} readlink ${here}/link`;
  yield `${caller} truncate ${here}/file 5`;
  yield `${caller} truncate ${here}/link 6`;
  for (const kind of ["now", "then", "only"]) yield `${caller} utimens ${here}/file ${kind}`;
  yield `${caller} chmod ${here}/file 06755`;
  yield `${caller} chmod ${here}/other 0600`;
  yield `${caller} chown ${here}/file -1 2001`;
  yield `${caller} chown ${here}/file 1004 -1`;
  yield `${caller} lchown ${here}/link 1001 2001`;
  yield `${caller} setxattr ${here}/file =user.x =6162`;
  yield `${caller} getxattr ${here}/file =user.x`;
  yield `${caller} removexattr ${here}/file =user.x`;
  yield `${caller} removexattr ${here}/file =user.x`;
  yield `${caller} open ${here}/new ${CREAT | RDWR} 0666`;
  yield `${caller} open ${here}/file ${CREAT | EXCL | RDWR} 0666`;
  yield `${caller} mkdir ${here}/made 0777`;
  yield `${caller} mkdir ${here}/file 0777`;
  yield `${caller} mkfifo ${here}/pipe 0666`;
  yield `${caller} mknod ${here}/device 020666 1 3`;
  yield `${caller} symlink =nowhere ${here}/dangling`;
  yield `${caller} symlink =nowhere ${here}/file`;
  yield `${caller} link ${here}/file ${there}/linked`;
  yield `${caller} link ${here}/empty ${there}/directory`;
  yield `${caller} link ${here}/file ${there}/file`;
  yield `${caller} rename ${here}/other ${here}/renamed`;
  yield `${caller} rename ${here}/renamed ${there}/moved`;
  yield `${caller} rename ${there}/file ${here}/file`;
  yield `${caller} rename ${here}/empty ${here}/full`;
  yield `${caller} rename ${here}/full ${here}/empty`;
  yield `${caller} rename ${here}/file ${here}/empty`;
  yield `${caller} rename ${here}/link ${here}/full/link`;
  yield `${caller} unlink ${here}/empty`;
  yield `${caller} unlink ${here}/file`;
  yield `${caller} rmdir ${here}/link`;
  yield `${caller} unlink ${here}/link`;
  yield `${caller} rmdir ${here}/full`;
  yield `${caller} rmdir ${here}/empty`;
  yield `${caller} rmdir ${here}`;
}

function hexOf(entries: readonly AclEntry[]): string {
  return `=${Buffer.from(encodeAcl(entries)).toString("hex")}`;
}

function* aclLines(): Generator<string> {
  const access = "=system.posix_acl_access";
  const inherited = "=system.posix_acl_default";
  const named: readonly AclEntry[] = [
    ["owner", 6],
    ["user", 7, 1004],
    ["group", 4],
    ["named-group", 2, 2002],
    ["mask", 6],
    ["other", 0],
  ];
  yield `${root} mkdir ./acl 0777`;
  yield `${root} chown ./acl 1001 2001`;
  yield `${stranger} setxattr ./acl ${inherited} ${hexOf(named)}`;
  yield `${owner} setxattr ./acl ${inherited} ${hexOf(named)}`;
  yield `${owner} getxattr ./acl ${inherited}`;
  yield `${root} umask 022`;
  yield `${owner} open ./acl/file ${CREAT | RDWR} 0666`;
  yield `${owner} mkdir ./acl/directory 0777`;
  yield `${owner} mkfifo ./acl/pipe 0666`;
  yield `${root} umask 0`;
  for (const name of ["file", "directory", "pipe"]) {
    yield `${root} getxattr ./acl/${name} ${access}`;
    yield `${root} getxattr ./acl/${name} ${inherited}`;
  }
  for (const caller of Object.values(callers)) {
    yield `${root} open ./acl/f${caller} ${CREAT | RDWR} 0600`;
    yield `${root} chown ./acl/f${caller} 1001 2001`;
    yield `${root} setxattr ./acl/f${caller} ${access} ${hexOf(named)}`;
    for (const flags of [RDONLY, WRONLY, RDWR]) yield `${caller} open ./acl/f${caller} ${flags} 0`;
    for (const mask of [1, 2, 4]) yield `${caller} access ./acl/f${caller} ${mask}`;
    yield `${caller} chmod ./acl/f${caller} 0751`;
    yield `${root} getxattr ./acl/f${caller} ${access}`;
    yield `${caller} setxattr ./acl/f${caller} ${inherited} ${hexOf(named)}`;
    yield `${caller} removexattr ./acl/f${caller} ${access}`;
    yield `${root} getxattr ./acl/f${caller} ${access}`;
  }
  yield `${owner} setxattr ./acl/file ${access} ${hexOf(named.slice(1))}`;
}

function* nameLines(): Generator<string> {
  const [longest, long] = ["n".repeat(255), "n".repeat(256)];
  yield `${root} mkdir ./names 0777`;
  for (const name of [longest, long, "\xff\xfe\x80", "-", "..."]) {
    yield `${owner} open ./names/${name} ${CREAT | RDWR} 0644`;
    yield `${owner} link ./names/${name} ./names/${name.slice(1)}l`;
    yield `${owner} rename ./names/${name} ./names/${name.slice(1)}m`;
    yield `${owner} symlink =a ./names/${name}`;
    yield `${owner} unlink ./names/${name}`;
    yield `${owner} mkdir ./names/${name} 0755`;
    yield `${owner} mkfifo ./names/${name}/p 0644`;
    yield `${owner} list ./names/${name}`;
    yield `${owner} unlink ./names/${name}/p`;
    yield `${owner} rmdir ./names/${name}`;
  }
  for (const length of [1, 255, 1023, 4095]) {
    yield `${owner} symlink =${"t".repeat(length)} ./names/s${length}`;
    yield `${owner} readlink ./names/s${length}`;
  }
  yield `${owner} stat ./${"names/../".repeat(450)}names`;
  yield `${owner} stat ./${"names/../".repeat(460)}names`;
  yield `${owner} symlink =loop ./names/loop`;
  for (const line of [`open ./names/loop ${RDONLY} 0`, "chmod ./names/loop 0644", "stat ./names/loop/x"])
    yield `${owner} ${line}`;
  for (const op of ["unlink", "rmdir", "stat", "list"]) {
    yield `${owner} ${op} ./names/missing`;
    yield `${owner} ${op} ./names/missing/deeper`;
    yield `${owner} ${op} ./names/s1`;
    yield `${owner} ${op} ./names/.`;
  }
}

/** Kinds of objects: what can be made, opened and asked. */
function* kindLines(): Generator<string> {
  yield `${root} mkdir ./kinds 01777`;
  for (const [index, mode] of [0o010600, 0o020640, 0o060660, 0o140755, 0o100644, 0o600].entries()) {
    for (const caller of [root, owner]) {
      const path = `./kinds/${index}-${caller.slice(0, 4).replace(":", "")}`;
      yield `${caller} mknod ${path} ${mode} 259 70000`;
      yield `${caller} truncate ${path} 3`;
      yield `${caller} utimens ${path} then`;
      yield `${caller} chown ${path} -1 2001`;
      yield `${caller} link ${path} ${path}-again`;
      yield `${caller} rename ${path} ${path}-moved`;
      yield `${member} unlink ${path}-moved`;
      yield `${caller} unlink ${path}-again`;
    }
  }
}

/** Data through descriptors that stay open. */
function* dataLines(): Generator<string> {
  const hold = (path: string, flags: number, slot: number) => `${owner} hold ${path} ${flags} 0644 ${slot}`;
  const big = 5 * 2 ** 30;
  yield `${root} mkdir ./data 0777`;
  yield hold("./data/big", CREAT | RDWR, 0);
  yield `${owner} write 0 ${big} 4096`;
  yield `${owner} read 0 ${big - 10} 4096`;
  yield `${owner} read 0 4096 100`;
  yield `${owner} ftruncate 0 ${big - 1}`;
  yield `${owner} fstat 0`;
  yield `${owner} read 0 ${big - 4} 100`;
  yield hold("./data/gone", CREAT | EXCL | RDWR, 1);
  yield `${owner} write 1 0 100`;
  yield `${owner} unlink ./data/gone`;
  yield `${owner} write 1 100 50`;
  yield `${owner} read 1 0 200`;
  yield `${owner} fstat 1`;
  yield `${owner} fchmod 1 0600`;
  yield `${owner} ftruncate 1 10`;
  yield `${owner} fstat 1`;
  yield hold("./data/gone", CREAT | EXCL | RDWR, 2);
  yield `${owner} fstat 2`;
  yield hold("./data/tail", CREAT | WRONLY | APPEND, 3);
  for (const length of [10, 20]) yield `${owner} write 3 -1 ${length}`;
  yield `${owner} write 3 0 5`;
  yield `${owner} truncate ./data/tail 3`;
  yield `${owner} write 3 -1 7`;
  yield `${owner} fstat 3`;
  yield `${owner} open ./data/tail ${WRONLY | TRUNC} 0`;
  yield hold("./data/target", CREAT | RDWR, 4);
  yield `${owner} write 4 0 33`;
  yield `${owner} rename ./data/tail ./data/target`;
  yield `${owner} read 4 0 50`;
  yield `${owner} fstat 4`;
  yield `${owner} write 3 -1 9`;
  yield `${owner} stat ./data/target`;
  yield hold("./data/direct", CREAT | RDWR | DIRECT, 5);
  yield `${owner} write 5 0 8192`;
  yield `${owner} read 5 4096 4096`;
  yield `${owner} fsync 5`;
  yield `${root} mkdir ./data/one 0777`;
  yield `${root} mkdir ./data/two 0777`;
  yield `${owner} link ./data/direct ./data/one/a`;
  yield `${owner} link ./data/one/a ./data/two/b`;
  yield `${owner} rename ./data/two/b ./data/one/c`;
  yield `${owner} rename ./data/one/a ./data/one/c`;
  yield `${owner} unlink ./data/direct`;
  yield `${owner} fstat 5`;
  yield `${owner} fallocate 5 1 0 20000`;
  yield `${owner} fallocate 5 0 0 20000`;
  yield `${owner} fallocate 5 3 0 4096`;
  yield `${owner} read 5 0 8192`;
  yield `${owner} fstat 5`;
  yield `${stranger} fchown 5 1004 -1`;
  for (let slot = 0; slot < 6; slot += 1) yield `${owner} close ${slot}`;
}
