/*
 * Exercises one file by random operations and checks every read, size and hole against a model in memory.
 *
 *   exerciser FILE SEED OPERATIONS [BYTES_MAX]
 *
 * Ends with 0 and one line of counts, or with 1, the seed, the operation that failed and those before it. The same seed
 * gives the same operations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_MAX 131072
#define RECENT_MAX 32

enum operation { READ, WRITE, APPEND, TRUNCATE, MAP_READ, MAP_WRITE, PUNCH, ALLOCATE, COPY, SEEK, STAT, SYNC, REOPEN, OPERATIONS };
static const char *const names[OPERATIONS] = { "read", "write", "append", "truncate", "mapped read", "mapped write",
  "punch hole", "allocate", "copy range", "seek", "stat", "sync", "close and open" };
/* How often each comes, of the sum. */
static const unsigned weights[OPERATIONS] = { 40, 40, 8, 12, 24, 24, 12, 8, 8, 8, 8, 1, 6 };

static const char *path;
static uint64_t seed, state, at_operation;
static uint64_t counts[OPERATIONS];
static char recent[RECENT_MAX][128];
static unsigned char *model, *buffer;
static off_t size, bytes_max = 1 << 20;
static int fd = -1;

static void fail(const char *format, ...) {
  va_list args;
  printf("exerciser %s: seed %llu, operation %llu: ", path, (unsigned long long)seed, (unsigned long long)at_operation);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\nthe last operations, the failed one at the end:\n");
  for (uint64_t i = at_operation >= RECENT_MAX ? at_operation - RECENT_MAX + 1 : 0; i <= at_operation; i++)
    printf("  %llu %s\n", (unsigned long long)i, recent[i % RECENT_MAX]);
  exit(1);
}

static void note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(recent[at_operation % RECENT_MAX], sizeof recent[0], format, args);
  va_end(args);
}

/* splitmix64 */
static uint64_t chance(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static off_t below(off_t end) { return end <= 0 ? 0 : (off_t)(chance() % (uint64_t)end); }

/* Often small, sometimes on a page, so that edges meet. */
static off_t some_offset(off_t end) {
  off_t offset = below(end);
  return chance() % 4 == 0 ? offset & ~(off_t)4095 : offset;
}

static off_t some_length(off_t room) {
  off_t most = room < IO_MAX ? room : IO_MAX;
  if (chance() % 3 == 0 && most > 512) most = 512;
  return most <= 0 ? 0 : 1 + below(most);
}

static void fill(unsigned char *bytes, off_t length) {
  uint64_t word = chance();
  for (off_t i = 0; i < length; i++) bytes[i] = (unsigned char)((word >> (i % 8 * 8)) + (uint64_t)i / 8);
}

/* What lies between the old end and `end` reads as zero. */
static void grow(off_t end) {
  if (end <= size) return;
  memset(model + size, 0, (size_t)(end - size));
  size = end;
}

static void compare(const unsigned char *found, off_t offset, off_t length) {
  if (memcmp(found, model + offset, (size_t)length) == 0) return;
  off_t first = 0, last = length - 1;
  while (found[first] == model[offset + first]) first++;
  while (found[last] == model[offset + last]) last--;
  fail("bytes %lld to %lld differ, of which the first is %02x instead of %02x and the last %02x instead of %02x",
       (long long)(offset + first), (long long)(offset + last), found[first], model[offset + first], found[last],
       model[offset + last]);
}

static void do_read(void) {
  off_t offset = some_offset(size + 4096), length = some_length(bytes_max);
  off_t expected = offset >= size ? 0 : length < size - offset ? length : size - offset;
  note("read %lld at %lld", (long long)length, (long long)offset);
  ssize_t count = pread(fd, buffer, (size_t)length, offset);
  if (count != expected) fail("read gave %lld instead of %lld: %s", (long long)count, (long long)expected, count < 0 ? strerror(errno) : "");
  compare(buffer, offset, expected);
}

static void write_at(off_t offset, off_t length) {
  fill(buffer, length);
  ssize_t count = pwrite(fd, buffer, (size_t)length, offset);
  if (count != length) fail("write gave %lld: %s", (long long)count, count < 0 ? strerror(errno) : "");
  grow(offset + length);
  memcpy(model + offset, buffer, (size_t)length);
}

static void do_write(void) {
  off_t offset = some_offset(bytes_max - 1), length = some_length(bytes_max - offset);
  note("write %lld at %lld, size %lld", (long long)length, (long long)offset, (long long)size);
  write_at(offset, length);
}

/* By an fd of its own, opened to append. */
static void do_append(void) {
  off_t length = some_length(bytes_max - size);
  note("append %lld at %lld", (long long)length, (long long)size);
  if (length == 0) return;
  int own = open(path, O_WRONLY | O_APPEND);
  if (own < 0) fail("open to append: %s", strerror(errno));
  fill(buffer, length);
  ssize_t count = write(own, buffer, (size_t)length);
  if (count != length) fail("append gave %lld: %s", (long long)count, count < 0 ? strerror(errno) : "");
  if (close(own) != 0) fail("close: %s", strerror(errno));
  memcpy(model + size, buffer, (size_t)length);
  size += length;
}

static void do_truncate(void) {
  off_t to = some_offset(bytes_max);
  int by_path = chance() % 4 == 0;
  note("%s to %lld, size %lld", by_path ? "truncate" : "ftruncate", (long long)to, (long long)size);
  if ((by_path ? truncate(path, to) : ftruncate(fd, to)) != 0) fail("truncate: %s", strerror(errno));
  grow(to);
  size = to;
}

/* Writes what mappings changed to the file system, which need not bring it to the disk. */
static void send_mapped(void) {
  unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (sync_file_range(fd, 0, 0, flags) != 0) fail("sync_file_range: %s", strerror(errno));
}

static void do_map(int writes) {
  off_t offset = some_offset(size), length = some_length(size - offset);
  note("mapped %s of %lld at %lld, size %lld", writes ? "write" : "read", (long long)length, (long long)offset, (long long)size);
  if (length == 0) return;
  off_t start = offset & ~(off_t)4095;
  size_t mapped = (size_t)(offset + length - start);
  unsigned char *map = mmap(NULL, mapped, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, start);
  if (map == MAP_FAILED) fail("mmap: %s", strerror(errno));
  if (writes) {
    fill(buffer, length);
    memcpy(map + (offset - start), buffer, (size_t)length);
    memcpy(model + offset, buffer, (size_t)length);
    if (chance() % 2 == 0) send_mapped();
    else if (chance() % 32 == 0 && msync(map, mapped, MS_SYNC) != 0) fail("msync: %s", strerror(errno));
  } else {
    compare(map + (offset - start), offset, length);
  }
  if (munmap(map, mapped) != 0) fail("munmap: %s", strerror(errno));
}

static void do_punch(void) {
  off_t offset = some_offset(size + 4096), length = some_length(bytes_max);
  note("punch %lld at %lld, size %lld", (long long)length, (long long)offset, (long long)size);
  if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) != 0) fail("punch: %s", strerror(errno));
  if (offset < size) memset(model + offset, 0, (size_t)(length < size - offset ? length : size - offset));
}

static void do_allocate(void) {
  off_t offset = some_offset(bytes_max - 1), length = some_length(bytes_max - offset);
  int mode = chance() % 2 == 0 ? FALLOC_FL_KEEP_SIZE : 0;
  note("allocate %lld at %lld%s, size %lld", (long long)length, (long long)offset, mode ? ", keep size" : "", (long long)size);
  if (fallocate(fd, mode, offset, length) != 0) fail("allocate: %s", strerror(errno));
  if (mode == 0) grow(offset + length);
}

static void do_copy(void) {
  off_t from = some_offset(size), length = some_length(size - from), to = some_offset(bytes_max - length);
  if (length == 0 || (from < to + length && to < from + length)) return note("copy of nothing");
  note("copy %lld from %lld to %lld, size %lld", (long long)length, (long long)from, (long long)to, (long long)size);
  for (off_t done = 0; done < length;) {
    off_t in = from + done, out = to + done;
    ssize_t count = copy_file_range(fd, &in, fd, &out, (size_t)(length - done), 0);
    if (count <= 0) fail("copy gave %lld: %s", (long long)count, count < 0 ? strerror(errno) : "");
    done += count;
  }
  grow(to + length);
  memcpy(model + to, model + from, (size_t)length);
}

/* A hole may be told to be data; what is told to be a hole reads as zero. */
static void do_seek(void) {
  off_t offset = some_offset(size + 4096);
  note("seek data from %lld, size %lld", (long long)offset, (long long)size);
  send_mapped();
  off_t data = lseek(fd, offset, SEEK_DATA);
  if (data < 0 && errno != ENXIO) fail("seek: %s", strerror(errno));
  if (offset >= size && data >= 0) fail("seek found data at %lld, beyond the end", (long long)data);
  if (data >= 0 && (data < offset || data >= size)) fail("seek found data at %lld", (long long)data);
  for (off_t at = offset; at < (data < 0 ? size : data); at++)
    if (model[at] != 0) fail("seek passed data at %lld and found it at %lld", (long long)at, (long long)data);
}

static void do_stat(void) {
  struct stat by_path, by_fd;
  note("stat");
  if (stat(path, &by_path) != 0 || fstat(fd, &by_fd) != 0) fail("stat: %s", strerror(errno));
  if (by_path.st_size != size || by_fd.st_size != size)
    fail("size is %lld by path and %lld by fd instead of %lld", (long long)by_path.st_size, (long long)by_fd.st_size, (long long)size);
}

static void do_sync(void) {
  note("sync");
  if ((chance() % 2 == 0 ? fsync(fd) : fdatasync(fd)) != 0) fail("sync: %s", strerror(errno));
}

static void do_reopen(void) {
  note("close and open");
  if (close(fd) != 0) fail("close: %s", strerror(errno));
  fd = open(path, O_RDWR);
  if (fd < 0) fail("open: %s", strerror(errno));
}

static void step(enum operation operation) {
  counts[operation]++;
  switch (operation) {
    case READ: return do_read();
    case WRITE: return do_write();
    case APPEND: return do_append();
    case TRUNCATE: return do_truncate();
    case MAP_READ: return do_map(0);
    case MAP_WRITE: return do_map(1);
    case PUNCH: return do_punch();
    case ALLOCATE: return do_allocate();
    case COPY: return do_copy();
    case SEEK: return do_seek();
    case STAT: return do_stat();
    case SYNC: return do_sync();
    case REOPEN: return do_reopen();
    case OPERATIONS: break;
  }
}

static enum operation some_operation(void) {
  unsigned sum = 0;
  for (int i = 0; i < OPERATIONS; i++) sum += weights[i];
  unsigned rest = (unsigned)(chance() % sum);
  for (int i = 0; i < OPERATIONS; i++) {
    if (rest < weights[i]) return i;
    rest -= weights[i];
  }
  return READ;
}

/* All of it once more, by a new fd. */
static void check_whole(void) {
  do_reopen();
  do_stat();
  for (off_t offset = 0; offset < size; offset += IO_MAX) {
    off_t length = size - offset < IO_MAX ? size - offset : IO_MAX;
    if (pread(fd, buffer, (size_t)length, offset) != length) fail("the last read: %s", strerror(errno));
    compare(buffer, offset, length);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "exerciser FILE SEED OPERATIONS [BYTES_MAX]\n");
    return 2;
  }
  path = argv[1];
  state = seed = strtoull(argv[2], NULL, 10);
  uint64_t operations = strtoull(argv[3], NULL, 10);
  if (argc > 4) bytes_max = (off_t)strtoll(argv[4], NULL, 10);
  model = calloc(1, (size_t)bytes_max);
  buffer = malloc(IO_MAX);
  if (model == NULL || buffer == NULL) return 2;
  note("create");
  fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) fail("create: %s", strerror(errno));
  for (at_operation = 1; at_operation <= operations; at_operation++) step(some_operation());
  check_whole();
  printf("{\"operations\":%llu", (unsigned long long)operations);
  for (int i = 0; i < OPERATIONS; i++) printf(",\"%s\":%llu", names[i], (unsigned long long)counts[i]);
  printf("}\n");
  return 0;
}
