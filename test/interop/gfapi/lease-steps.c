/*
 * Carries out a script of steps by several gfapi clients in one process, one line of answer for each line read.
 *
 *   connect C VOLFILE   client C, a lower-case letter, mounts the volume of the file
 *   file NAME           a new, empty file that the steps from here on are about; the counts of recalls begin anew, and what
 *                       was open or held on the last one stays so
 *   C I OP [ARG]        client C does OP under the lease-id of letter I, or under none for "-"
 *   start C I OP [ARG]  the same, without waiting for its end
 *   join C              waits for what C started; its answer, and which of all steps ended before it
 *   recalled C N        waits until C was asked N times for its leases
 *
 * OP: open r|w|rn|wn (n is O_NONBLOCK), close, set rd|rw, unlock rd|rw, get, read, write, truncate, unlink
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glusterfs/api/glfs.h>
#include <glusterfs/api/glfs-handles.h>

#define CLIENTS 26
#define WAIT_SECONDS 60

struct client {
    glfs_t *fs;
    glfs_fd_t *fd;
    glfs_object_t *object;
    pthread_t thread;
    char id, op[16], arg[16], answer[64];
    int recalls, order, running;
};

static struct client clients[CLIENTS];
static char file[256];
static int files, ended;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *answer_of(long result)
{
    static __thread char text[32];
    if (result >= 0)
        snprintf(text, sizeof text, "ok %ld", result);
    else
        snprintf(text, sizeof text, "%s", strerrorname_np(errno));
    return text;
}

static struct client *client_of(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z' || name[1] != '\0')
        return NULL;
    return &clients[name[0] - 'a'];
}

static void count_recall(glfs_upcall_t *event, void *data)
{
    struct client *client = data;
    if (glfs_upcall_get_reason(event) == GLFS_UPCALL_RECALL_LEASE)
        __atomic_fetch_add(&client->recalls, 1, __ATOMIC_SEQ_CST);
    glfs_free(event);
}

static int connect_client(struct client *client, const char *volfile)
{
    client->fs = glfs_new("steps");
    if (client->fs == NULL || glfs_set_volfile(client->fs, volfile) != 0)
        return -1;
    glfs_set_logging(client->fs, "/dev/null", 0);
    if (glfs_init(client->fs) != 0)
        return -1;
    return glfs_upcall_register(client->fs, GLFS_EVENT_RECALL_LEASE, count_recall, client) < 0 ? -1 : 0;
}

/* An id of this file alone, so that no dead one is met again. A 10.3 brick compares ids as texts: the last byte ends it. */
static void lease_id(struct client *client, glfs_leaseid_t id)
{
    char text[32];
    snprintf(text, sizeof text, "%c%014d", client->id, files);
    memcpy(id, text, GLFS_LEASE_ID_SIZE);
}

static long lease(struct client *client, glfs_lease_cmds_t command, const char *type)
{
    glfs_lease_t asked;
    memset(&asked, 0, sizeof asked);
    asked.cmd = command;
    asked.lease_type = strcmp(type, "rw") == 0 ? GLFS_RW_LEASE : strcmp(type, "rd") == 0 ? GLFS_RD_LEASE : 0;
    lease_id(client, asked.lease_id);
    long result = glfs_h_lease(client->fs, client->object, &asked);
    return result == 0 && command == GLFS_GET_LEASE ? (long)asked.lease_type : result;
}

static long open_file(struct client *client, const char *how)
{
    int flags = how[0] == 'w' ? O_RDWR : O_RDONLY;
    if (strchr(how, 'n') != NULL)
        flags |= O_NONBLOCK;
    client->fd = glfs_h_open(client->fs, client->object, flags);
    return client->fd == NULL ? -1 : 0;
}

static long close_file(struct client *client)
{
    glfs_fd_t *fd = client->fd;
    client->fd = NULL;
    return fd == NULL ? 0 : glfs_close(fd);
}

static long carry_out(struct client *client)
{
    char *op = client->op, *arg = client->arg, data[16] = "0123456789abcdef";
    glfs_leaseid_t id;
    lease_id(client, id);
    if (glfs_setfsleaseid(client->id == '-' ? NULL : id) != 0)
        return -1;
    errno = 0;
    if (strcmp(op, "open") == 0)
        return open_file(client, arg);
    if (strcmp(op, "close") == 0)
        return close_file(client);
    if (strcmp(op, "set") == 0)
        return lease(client, GLFS_SET_LEASE, arg);
    if (strcmp(op, "unlock") == 0)
        return lease(client, GLFS_UNLK_LEASE, arg);
    if (strcmp(op, "get") == 0)
        return lease(client, GLFS_GET_LEASE, arg);
    if (strcmp(op, "read") == 0)
        return glfs_pread(client->fd, data, sizeof data, 0, 0, NULL);
    if (strcmp(op, "write") == 0)
        return glfs_pwrite(client->fd, data, sizeof data, 0, 0, NULL, NULL);
    if (strcmp(op, "truncate") == 0)
        return glfs_truncate(client->fs, file, 8);
    if (strcmp(op, "unlink") == 0)
        return glfs_unlink(client->fs, file);
    errno = ENOSYS;
    return -1;
}

static void *run(void *argument)
{
    struct client *client = argument;
    long result = carry_out(client);
    snprintf(client->answer, sizeof client->answer, "%s", answer_of(result));
    glfs_setfsleaseid(NULL);
    pthread_mutex_lock(&lock);
    client->order = ++ended;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static const char *new_file(const char *name)
{
    int is_made = 0;
    files += 1;
    snprintf(file, sizeof file, "/%s", name);
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        struct stat stat;
        if (client->fs == NULL)
            continue;
        if (!is_made) {
            /* Not by an open, whose release may come at any time. */
            if (glfs_mknod(client->fs, file, S_IFREG | 0644, 0) != 0)
                return answer_of(-1);
            is_made = 1;
        }
        client->object = glfs_h_lookupat(client->fs, NULL, file, &stat, 0);
        if (client->object == NULL)
            return answer_of(-1);
        client->fd = NULL;
        client->recalls = 0;
    }
    return "ok 0";
}

static const char *wait_recalled(struct client *client, int count)
{
    for (int tries = 0; tries < WAIT_SECONDS * 100; tries++) {
        if (client->recalls >= count)
            return "ok 0";
        usleep(10000);
    }
    return "NEVER";
}

static const char *step(int words, char word[][64])
{
    static char text[128];
    if (strcmp(word[0], "file") == 0)
        return new_file(word[1]);
    int is_started = strcmp(word[0], "start") == 0;
    struct client *client = client_of(is_started || words < 3 || client_of(word[0]) == NULL ? word[1] : word[0]);
    if (client == NULL || (client->fs == NULL))
        return "NO CLIENT";
    if (strcmp(word[0], "recalls") == 0) {
        snprintf(text, sizeof text, "%d", client->recalls);
        return text;
    }
    if (strcmp(word[0], "recalled") == 0)
        return wait_recalled(client, atoi(word[2]));
    if (strcmp(word[0], "join") == 0) {
        pthread_join(client->thread, NULL);
        client->running = 0;
        snprintf(text, sizeof text, "%s, ended %d", client->answer, client->order);
        return text;
    }
    int first = is_started ? 2 : 1;
    client->id = word[first][0];
    strcpy(client->op, word[first + 1]);
    strcpy(client->arg, words > first + 2 ? word[first + 2] : "");
    if (!is_started) {
        run(client);
        return client->answer;
    }
    client->running = 1;
    return pthread_create(&client->thread, NULL, run, client) == 0 ? "ok 0" : "NO THREAD";
}

int main(void)
{
    char line[4096], path[4096], name[64], word[5][64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "connect %63s %4095s", name, path) == 2) {
            struct client *client = client_of(name);
            puts(client != NULL && connect_client(client, path) == 0 ? "ok 0" : "NO CONNECTION");
        } else {
            memset(word, 0, sizeof word);
            int words = sscanf(line, "%63s %63s %63s %63s %63s", word[0], word[1], word[2], word[3], word[4]);
            puts(words < 1 ? "NO STEP" : step(words, word));
        }
        fflush(stdout);
    }
    /* Without glfs_fini, which waits for what may never end; the process takes everything with it. */
    _exit(0);
}
