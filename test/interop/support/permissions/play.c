// Plays a script of system calls, one a line, each in the name of a caller, below the directory that it is given. Of every
// line it prints the errno, what the call told, and what its paths are afterwards as root sees them.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FDS 16
static int fds[FDS];
static char told[8192];
static char *words[16];
static int count;

static void root(void) {
  if (seteuid(0) || setegid(0) || setgroups(0, NULL)) abort();
}

// UID:GID or UID:GID:GROUP,GROUP
static void become(const char *caller) {
  unsigned uid = 0, gid = 0;
  gid_t groups[16];
  size_t n = 0;
  char *rest = NULL;
  uid = strtoul(caller, &rest, 10);
  gid = strtoul(rest + 1, &rest, 10);
  while (*rest != 0 && n < 16) groups[n++] = strtoul(rest + 1, &rest, 10);
  if (setgroups(n, groups) || setegid(gid) || seteuid(uid)) abort();
}

static long number(int at) { return at < count ? strtol(words[at], NULL, 0) : 0; }

static void state(const char *path) {
  struct stat st;
  if (strchr(path, ':') != NULL) return;
  if (lstat(path, &st)) {
    printf(" [%d]", errno);
  } else if (S_ISDIR(st.st_mode)) {
    printf(" [%o %u:%u]", st.st_mode, st.st_uid, st.st_gid);
  } else {
    printf(" [%o %u:%u %lu %ld %u:%u]", st.st_mode, st.st_uid, st.st_gid, (unsigned long)st.st_nlink, (long)st.st_size,
           major(st.st_rdev), minor(st.st_rdev));
  }
}

static int list(const char *path) {
  DIR *dir = opendir(path);
  int names = 0;
  if (dir == NULL) return -1;
  errno = 0;
  while (readdir(dir) != NULL) names++;
  int failure = errno;
  closedir(dir);
  errno = failure;
  sprintf(told, "names=%d", names);
  return failure ? -1 : 0;
}

static int get_xattr(const char *path, const char *name) {
  unsigned char value[2048];
  ssize_t size = lgetxattr(path, name, value, sizeof value);
  if (size < 0) return -1;
  for (ssize_t at = 0; at < size; at++) sprintf(told + 2 * at, "%02x", value[at]);
  return 0;
}

static int set_xattr(const char *path, const char *name, const char *hex, int flags) {
  unsigned char value[2048];
  size_t size = strlen(hex) / 2;
  for (size_t at = 0; at < size; at++) sscanf(hex + 2 * at, "%2hhx", &value[at]);
  return lsetxattr(path, name, value, size, flags);
}

static int transfer(int isWrite, int slot, long offset, long length) {
  char *bytes = NULL;
  if (posix_memalign((void **)&bytes, 4096, length + 1)) abort();
  memset(bytes, isWrite ? 'a' + length % 26 : 0, length);
  ssize_t done;
  if (isWrite) done = offset < 0 ? write(fds[slot], bytes, length) : pwrite(fds[slot], bytes, length, offset);
  else done = offset < 0 ? read(fds[slot], bytes, length) : pread(fds[slot], bytes, length, offset);
  int failure = errno;
  unsigned long sum = 5381;
  for (ssize_t at = 0; !isWrite && at < done; at++) sum = sum * 33 + (unsigned char)bytes[at];
  free(bytes);
  sprintf(told, "bytes=%ld sum=%lu", (long)done, sum);
  errno = failure;
  return done < 0 ? -1 : 0;
}

static int times(const char *path, const char *kind) {
  struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  struct timespec then[2] = {{1000, 5}, {2000, 7}};
  struct timespec only[2] = {{0, UTIME_OMIT}, {3000, 9}};
  return utimensat(AT_FDCWD, path, *kind == 'n' ? now : *kind == 't' ? then : only, AT_SYMLINK_NOFOLLOW);
}

static int call(const char *op, char **a) {
  struct stat st;
  int fd;
  if (!strcmp(op, "mkdir")) return mkdir(a[0], number(3));
  if (!strcmp(op, "rmdir")) return rmdir(a[0]);
  if (!strcmp(op, "mkfifo")) return mkfifo(a[0], number(3));
  if (!strcmp(op, "mknod")) return mknod(a[0], number(3), makedev(number(4), number(5)));
  if (!strcmp(op, "symlink")) return symlink(a[0] + 1, a[1]);
  if (!strcmp(op, "link")) return link(a[0], a[1]);
  if (!strcmp(op, "rename")) return rename(a[0], a[1]);
  if (!strcmp(op, "unlink")) return unlink(a[0]);
  if (!strcmp(op, "chmod")) return chmod(a[0], number(3));
  if (!strcmp(op, "chown")) return chown(a[0], number(3), number(4));
  if (!strcmp(op, "lchown")) return lchown(a[0], number(3), number(4));
  if (!strcmp(op, "truncate")) return truncate(a[0], number(3));
  if (!strcmp(op, "utimens")) return times(a[0], a[1]);
  if (!strcmp(op, "list")) return list(a[0]);
  if (!strcmp(op, "access")) return faccessat(AT_FDCWD, a[0], number(3), AT_EACCESS);
  if (!strcmp(op, "umask")) return umask(number(2)), 0;
  if (!strcmp(op, "getxattr")) return get_xattr(a[0], a[1] + 1);
  if (!strcmp(op, "setxattr")) return set_xattr(a[0], a[1] + 1, a[2] + 1, 0);
  if (!strcmp(op, "removexattr")) return lremovexattr(a[0], a[1] + 1);
  if (!strcmp(op, "stat")) return stat(a[0], &st);
  if (!strcmp(op, "readlink")) {
    ssize_t size = readlink(a[0], told + 5, sizeof told - 6);
    if (size < 0) return -1;
    sprintf(told, "size=%ld", (long)size);
    return 0;
  }
  if (!strcmp(op, "open")) {
    fd = open(a[0], number(3), number(4));
    return fd < 0 ? -1 : close(fd);
  }
  if (!strcmp(op, "hold")) {
    fd = open(a[0], number(3), number(4));
    if (fd < 0) return -1;
    fds[number(5)] = fd;
    return 0;
  }
  if (!strcmp(op, "write")) return transfer(1, number(2), number(3), number(4));
  if (!strcmp(op, "read")) return transfer(0, number(2), number(3), number(4));
  if (!strcmp(op, "ftruncate")) return ftruncate(fds[number(2)], number(3));
  if (!strcmp(op, "fchmod")) return fchmod(fds[number(2)], number(3));
  if (!strcmp(op, "fchown")) return fchown(fds[number(2)], number(3), number(4));
  if (!strcmp(op, "fsync")) return fsync(fds[number(2)]);
  if (!strcmp(op, "close")) return close(fds[number(2)]);
  if (!strcmp(op, "fstat")) {
    if (fstat(fds[number(2)], &st)) return -1;
    sprintf(told, "%o %u:%u %lu %ld", st.st_mode, st.st_uid, st.st_gid, (unsigned long)st.st_nlink, (long)st.st_size);
    return 0;
  }
  if (!strcmp(op, "fallocate")) return fallocate(fds[number(2)], number(3), number(4), number(5));
  fprintf(stderr, "no such call: %s\n", op);
  exit(2);
}

int main(int argc, char **argv) {
  static char line[65536];
  if (argc != 2 || chdir(argv[1])) return 2;
  umask(0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    count = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 15; word = strtok(NULL, " \n")) words[count++] = word;
    words[count] = NULL;
    told[0] = 0;
    become(words[0]);
    errno = 0;
    int failure = call(words[1], words + 2) ? errno : 0;
    root();
    printf("%d %s", failure, failure ? "" : told);
    for (int at = 2; at < count; at++)
      if (words[at][0] == '.') state(words[at]);
    printf("\n");
  }
  return 0;
}
