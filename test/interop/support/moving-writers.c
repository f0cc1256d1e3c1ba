/*
 * Overwrites the blocks of one file from many threads, reads them from others, and remembers what was acknowledged.
 *
 *   moving-writers fill FILE BYTES STATE WRITERS
 *   moving-writers compare FILE BYTES STATE WRITERS
 *   moving-writers run FILE BYTES STATE WRITERS WRITES-PER-SECOND-EACH OTHER-PATH...
 *
 * A block of 4 KiB says which block, writer and version it is, and the rest of it follows from that. STATE keeps for each
 * block the highest version that was acknowledged and the highest that was attempted. Block b belongs to writer b mod
 * WRITERS, who writes it as one pwrite, so that a block is exactly one version or provably torn.
 *
 * `run` reads commands from standard input, one a line: `status` prints the counts, `phase` begins the next of three
 * phases of latency, `stop` ends. It prints one line of JSON for each `status` and one at its end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, WORDS = BLOCK / 8, WRITERS_MAX = 64, PHASES = 3, BUCKETS = 1 << 20, BUCKET_US = 10 };
static const uint64_t MAGIC = 0x4272696b73686674ULL;

struct history {
  _Atomic uint32_t acknowledged, attempted;
};
struct phase {
  _Atomic uint64_t count, max_us;
  _Atomic uint32_t buckets[BUCKETS];
};

static const char *file;
static uint64_t blocks;
static uint32_t writers = 1;
static double pause_s;
static struct history *histories;
static struct phase phases[PHASES];
static _Atomic int phase, stopping;
static _Atomic uint64_t acknowledged, held_late, reads, stale, torn, errors;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static char first_error[256], first_stale[256];

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(2);
}

static double now_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void sleep_s(double seconds) {
  if (seconds <= 0) return;
  struct timespec span = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
  nanosleep(&span, NULL);
}

static uint64_t mix(uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  return x ^ (x << 17);
}

static uint32_t owner_of(uint64_t block) { return block % writers; }

/* Magic, block, writer and version; then filler; the version again at the end. */
static void render(uint64_t *words, uint64_t block, uint32_t version) {
  words[0] = MAGIC;
  words[1] = block;
  words[2] = (uint64_t)owner_of(block) << 32 | version;
  uint64_t state = (block + 1) * 0x9e3779b97f4a7c15ULL ^ (uint64_t)version << 20 ^ owner_of(block) ^ 1ULL << 63;
  for (int at = 3; at < WORDS - 1; at++) words[at] = state = mix(state);
  words[WORDS - 1] = words[2];
}

/* The version that a word of a block claims; -1 when it is of no version of this block. */
static int64_t claimed(uint64_t word, uint64_t block) {
  return word >> 32 == owner_of(block) ? (int64_t)(uint32_t)word : -1;
}

/* The version that a block is, whole; -1 when it is none. */
static int64_t version_of(const uint64_t *words, uint64_t block) {
  uint64_t expected[WORDS];
  int64_t version = claimed(words[2], block);
  if (version < 0) return -1;
  render(expected, block, (uint32_t)version);
  return memcmp(words, expected, BLOCK) == 0 ? version : -1;
}

static void failed(const char *who, uint64_t block, int error) {
  pthread_mutex_lock(&telling);
  if (atomic_fetch_add(&errors, 1) == 0)
    snprintf(first_error, sizeof first_error, "%s, block %llu: %s", who, (unsigned long long)block, strerror(error));
  pthread_mutex_unlock(&telling);
}

static void acknowledge(uint64_t block, uint32_t version, double took_s) {
  atomic_store(&histories[block].acknowledged, version);
  atomic_fetch_add(&acknowledged, 1);
  struct phase *of = &phases[atomic_load(&phase)];
  uint64_t us = (uint64_t)(took_s * 1e6), bucket = us / BUCKET_US, max = atomic_load(&of->max_us);
  atomic_fetch_add(&of->count, 1);
  atomic_fetch_add(&of->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1], 1);
  while (us > max && !atomic_compare_exchange_weak(&of->max_us, &max, us)) {}
}

struct thread {
  pthread_t id;
  uint32_t index;
  const char *path;
  int direct, reopens, syncs, maps;
};

static int open_for(const struct thread *self, int flags) {
  return open(self->path, flags | O_CLOEXEC | (self->direct ? O_DIRECT : 0));
}

static void *buffer(void) {
  void *bytes;
  if (posix_memalign(&bytes, BLOCK, BLOCK) != 0) die("memory");
  return bytes;
}

static __thread sigjmp_buf lost_page;
static __thread volatile sig_atomic_t stores;

static void on_sigbus(int number) {
  if (stores) siglongjmp(lost_page, 1);
  signal(number, SIG_DFL);
  raise(number);
}

/* Writes a block through a mapping; whether that succeeded. A page that cannot be read while the brick is away is SIGBUS. */
static int store(char *at, const uint64_t *words) {
  if (sigsetjmp(lost_page, 1) != 0) {
    stores = 0;
    errno = EIO;
    return 0;
  }
  stores = 1;
  memcpy(at, words, BLOCK);
  stores = 0;
  return msync(at, BLOCK, MS_SYNC) == 0;
}

static void *write_on(void *argument) {
  struct thread *self = argument;
  uint64_t chance = mix(self->index + 0x1234567ULL), *words = buffer();
  char *mapping = NULL;
  int fd = open_for(self, O_RDWR);
  if (fd < 0) die("open to write");
  if (self->maps) {
    signal(SIGBUS, on_sigbus);
    mapping = mmap(NULL, blocks * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED) die("mmap");
  }
  for (uint64_t turn = 1; !atomic_load(&stopping); turn++) {
    chance = mix(chance);
    uint64_t block = chance % (blocks / writers) * writers + self->index;
    struct history *history = &histories[block];
    uint32_t version = atomic_load(&history->attempted) + 1;
    render(words, block, version);
    if (self->reopens && turn % 8 == 0) {
      close(fd);
      if ((fd = open_for(self, O_RDWR)) < 0) {
        failed("reopen", block, errno);
        sleep_s(0.05);
        continue;
      }
    }
    double began = now_s();
    atomic_store(&history->attempted, version);
    int done;
    if (mapping != NULL) {
      done = store(mapping + block * BLOCK, words);
    } else {
      ssize_t written = pwrite(fd, words, BLOCK, (off_t)(block * BLOCK));
      if (written >= 0 && written != BLOCK) errno = EIO;
      done = written == BLOCK;
    }
    if (done) {
      acknowledge(block, version, now_s() - began);
      if (!self->reopens && atomic_load(&phase) == PHASES - 1) atomic_fetch_add(&held_late, 1);
    } else failed(self->maps ? "msync" : self->reopens ? "write" : "write to a held descriptor", block, errno);
    if (self->syncs && turn % 32 == 0 && fsync(fd) != 0) failed("fsync", block, errno);
    sleep_s(pause_s - (now_s() - began));
  }
  if (close(fd) != 0) failed("close", self->index, errno);
  return NULL;
}

static void *read_on(void *argument) {
  struct thread *self = argument;
  uint64_t chance = mix(self->index + 0x7654321ULL), *words = buffer(), recent = 0;
  int fd = open_for(self, O_RDONLY);
  if (fd < 0) die("open to read");
  for (uint64_t turn = 1; !atomic_load(&stopping); turn++) {
    chance = mix(chance);
    /* Half of the reads go where a write was answered a moment ago. */
    uint64_t block = chance % blocks;
    for (int tries = 0; turn % 2 == 0 && tries < 4096 && atomic_load(&histories[block].acknowledged) <= 1; tries++)
      block = (recent = mix(recent + chance + 1)) % blocks;
    if (self->reopens) {
      close(fd);
      if ((fd = open_for(self, O_RDONLY)) < 0) {
        failed("reopen to read", block, errno);
        sleep_s(0.05);
        continue;
      }
    }
    uint32_t least = atomic_load(&histories[block].acknowledged);
    ssize_t got = pread(fd, words, BLOCK, (off_t)(block * BLOCK));
    int error = errno;
    uint32_t most = atomic_load(&histories[block].attempted);
    if (got != BLOCK) {
      failed("read", block, got < 0 ? error : ENODATA);
      continue;
    }
    atomic_fetch_add(&reads, 1);
    int64_t head = claimed(words[2], block), tail = claimed(words[WORDS - 1], block);
    /* A read beside a write may show some of both; beside none it shows exactly one version. */
    int is_torn = words[0] != MAGIC || words[1] != block || head > most || tail > most ||
                  (least == most && version_of(words, block) < 0);
    int is_stale = head < least || tail < least;
    if (is_torn || is_stale) {
      pthread_mutex_lock(&telling);
      if (atomic_fetch_add(is_stale ? &stale : &torn, 1) == 0 && first_stale[0] == 0)
        snprintf(first_stale, sizeof first_stale, "reader %u of %s, block %llu: version %lld to %lld, of %u to %u",
                 self->index, self->path, (unsigned long long)block, (long long)head, (long long)tail, least, most);
      pthread_mutex_unlock(&telling);
    }
    sleep_s(0.02);
  }
  close(fd);
  return NULL;
}

static double percentile_ms(const struct phase *of, double part) {
  uint64_t wanted = (uint64_t)(part * (double)atomic_load(&of->count)), sum = 0;
  for (uint64_t bucket = 0; bucket < BUCKETS; bucket++)
    if ((sum += atomic_load(&of->buckets[bucket])) > wanted) return (double)(bucket + 1) * BUCKET_US / 1e3;
  return 0;
}

static void print_status(void) {
  pthread_mutex_lock(&telling);
  printf("{\"phase\":%d,\"acknowledged\":%llu,\"heldLate\":%llu,\"reads\":%llu,\"stale\":%llu,\"torn\":%llu,"
         "\"errors\":%llu,\"firstError\":\"%s\",\"firstStale\":\"%s\",\"phases\":[",
         atomic_load(&phase), (unsigned long long)atomic_load(&acknowledged), (unsigned long long)atomic_load(&held_late),
         (unsigned long long)atomic_load(&reads), (unsigned long long)atomic_load(&stale),
         (unsigned long long)atomic_load(&torn), (unsigned long long)atomic_load(&errors), first_error, first_stale);
  pthread_mutex_unlock(&telling);
  for (int at = 0; at < PHASES; at++)
    printf("%s{\"writes\":%llu,\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"maxMs\":%.2f}", at > 0 ? "," : "",
           (unsigned long long)atomic_load(&phases[at].count), percentile_ms(&phases[at], 0.5),
           percentile_ms(&phases[at], 0.99), (double)atomic_load(&phases[at].max_us) / 1e3);
  printf("]}\n");
  fflush(stdout);
}

static void map_state(const char *state, int create) {
  int fd = open(state, O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0600);
  size_t bytes = blocks * sizeof *histories;
  if (fd < 0 || (create && ftruncate(fd, (off_t)bytes) != 0)) die("state");
  histories = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (histories == MAP_FAILED) die("state");
}

/* Writes version 1 of every block. */
static int fill(void) {
  enum { AT_ONCE = 256 };
  uint64_t *words = malloc(AT_ONCE * BLOCK);
  int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) die("create");
  for (uint64_t block = 0; block < blocks; block += AT_ONCE) {
    uint64_t count = blocks - block < AT_ONCE ? blocks - block : AT_ONCE;
    for (uint64_t at = 0; at < count; at++) {
      render(words + at * WORDS, block + at, 1);
      histories[block + at].acknowledged = histories[block + at].attempted = 1;
    }
    if (pwrite(fd, words, count * BLOCK, (off_t)(block * BLOCK)) != (ssize_t)(count * BLOCK)) die("fill");
  }
  if (fsync(fd) != 0 || close(fd) != 0) die("fill");
  return 0;
}

static int compare(void) {
  uint64_t lost = 0, blocks_torn = 0, *words = buffer();
  struct stat attributes;
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &attributes) != 0) die("open to compare");
  char first[160] = "";
  for (uint64_t block = 0; block < blocks; block++) {
    memset(words, 0, BLOCK);
    if (pread(fd, words, BLOCK, (off_t)(block * BLOCK)) < 0) die("read to compare");
    uint32_t least = histories[block].acknowledged, most = histories[block].attempted;
    int64_t version = version_of(words, block);
    if (version >= least && version <= most) continue;
    if (version < 0) blocks_torn++;
    if (lost++ == 0)
      snprintf(first, sizeof first, "block %llu of writer %u: version %lld where %u was acknowledged",
               (unsigned long long)block, owner_of(block), (long long)version, least);
  }
  printf("{\"blocks\":%llu,\"lost\":%llu,\"torn\":%llu,\"sizeBytes\":%lld,\"first\":\"%s\"}\n", (unsigned long long)blocks,
         (unsigned long long)lost, (unsigned long long)blocks_torn, (long long)attributes.st_size, first);
  return 0;
}

static int run(int others, char **other_paths) {
  enum { READERS_EACH = 2 };
  static struct thread threads[WRITERS_MAX];
  int count = 0;
  for (uint32_t index = 0; index < writers; index++) {
    int maps = index % 8 == 7;
    threads[count] = (struct thread){.index = index, .path = file, .maps = maps, .reopens = index % 2 == 1 && !maps,
                                     .direct = index % 4 >= 2 && !maps, .syncs = index % 3 == 0};
    if (pthread_create(&threads[count].id, NULL, write_on, &threads[count]) != 0) die("thread");
    count++;
  }
  /* Through the writers' own mount buffered and direct; through another one direct only, as the page cache of a mount may
     be behind what is written through others, whatever the bricks are. */
  for (int at = -1; at < others; at++)
    for (int kind = 0; kind < READERS_EACH && count < WRITERS_MAX; kind++) {
      threads[count] = (struct thread){.index = (uint32_t)count, .path = at < 0 ? file : other_paths[at],
                                       .direct = kind == 0 || at >= 0, .reopens = at >= 0 && kind == 1};
      if (pthread_create(&threads[count].id, NULL, read_on, &threads[count]) != 0) die("thread");
      count++;
    }
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "stop\n") != 0) {
    if (strcmp(line, "phase\n") == 0 && atomic_load(&phase) < PHASES - 1) atomic_fetch_add(&phase, 1);
    print_status();
  }
  atomic_store(&stopping, 1);
  for (int at = 0; at < count; at++) pthread_join(threads[at].id, NULL);
  if (msync(histories, blocks * sizeof *histories, MS_SYNC) != 0) die("state");
  print_status();
  return 0;
}

int main(int count, char **arguments) {
  if (count < 6) {
    fprintf(stderr, "usage: moving-writers fill|compare|run FILE BYTES STATE WRITERS [WRITES-PER-SECOND OTHER-PATH...]\n");
    return 2;
  }
  const char *command = arguments[1];
  file = arguments[2];
  blocks = strtoull(arguments[3], NULL, 10) / BLOCK;
  writers = (uint32_t)strtoul(arguments[5], NULL, 10);
  if (writers < 1 || writers > WRITERS_MAX / 2 || blocks < writers) {
    fprintf(stderr, "from 1 to %d writers, and a block for each\n", WRITERS_MAX / 2);
    return 2;
  }
  map_state(arguments[4], strcmp(command, "fill") == 0);
  if (strcmp(command, "fill") == 0) return fill();
  if (strcmp(command, "compare") == 0) return compare();
  double rate = count > 6 ? strtod(arguments[6], NULL) : 0;
  pause_s = rate > 0 ? 1 / rate : 0;
  return run(count > 7 ? count - 7 : 0, arguments + 7);
}
