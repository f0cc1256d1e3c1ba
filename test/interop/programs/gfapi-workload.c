/*
 * Calls of libgfapi that a mount does not make: leases with a recall, handles, byte-range locks with owners of their
 * own, ranges copied by the brick. Prints what failed; the records of it all are what the test is after.
 *
 * Usage: gfapi-workload VOLFILE LOG [leases]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glusterfs/api/glfs-handles.h>
#include <glusterfs/api/glfs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static int failures;

static void check(const char *what, long got, int expected_errno) {
    int is_right = expected_errno == 0 ? got >= 0 : got < 0 && errno == expected_errno;
    if (is_right) return;
    printf("%s: %ld, errno %d\n", what, got, errno);
    failures += 1;
}

static void data(glfs_t *fs, int is_leased) {
    static char block[200000];
    struct stat st;
    off64_t from = 0, to = 4096;
    glfs_fd_t *fd = glfs_creat(fs, "/data", O_RDWR, 0640);
    check("creat", fd != NULL ? 0 : -1, 0);
    memset(block, 'x', sizeof block);
    for (int odd = 1; odd < 9; odd += 1) {
        check("pwrite", glfs_pwrite(fd, block, odd * 1001, odd * 8192, 0, NULL, NULL), 0);
        check("pread", glfs_pread(fd, block, odd * 999, odd * 8192, 0, NULL), 0);
    }
    check("pwrite of many bytes", glfs_pwrite(fd, block, sizeof block, 100000, 0, NULL, NULL), 0);
    check("pread of many bytes", glfs_pread(fd, block, sizeof block, 99999, 0, NULL), 0);
    check("pread at the end", glfs_pread(fd, block, 10, 1 << 30, 0, NULL), 0);
    check("fallocate", glfs_fallocate(fd, 1, 0, 1 << 20), 0);
    check("discard", glfs_discard(fd, 4096, 8192), 0);
    check("zerofill", glfs_zerofill(fd, 65536, 4096), 0);
    glfs_lseek(fd, 0, SEEK_HOLE);
    glfs_lseek(fd, 0, SEEK_DATA);
    check("ftruncate", glfs_ftruncate(fd, 150001, NULL, NULL), 0);
    check("fdatasync", glfs_fdatasync(fd, NULL, NULL), 0);
    check("fsync", glfs_fsync(fd, NULL, NULL), 0);
    check("fstat", glfs_fstat(fd, &st), 0);
    check("fsetxattr", glfs_fsetxattr(fd, "user.odd", "12345", 5, 0), 0);
    check("fgetxattr", glfs_fgetxattr(fd, "user.odd", block, 100), 0);
    check("flistxattr", glfs_flistxattr(fd, block, 1000), 0);
    check("fremovexattr", glfs_fremovexattr(fd, "user.odd"), 0);
    check("fremovexattr again", glfs_fremovexattr(fd, "user.odd"), ENODATA);
    check("fchmod", glfs_fchmod(fd, 0600), 0);
    check("fchown", glfs_fchown(fd, 1, 2), 0);
    if (!is_leased) {
        glfs_fd_t *copy = glfs_creat(fs, "/copy", O_RDWR, 0600);
        check("copy_file_range", glfs_copy_file_range(fd, &from, copy, &to, 5000, 0, NULL, NULL, NULL), 0);
        glfs_close(copy);
    }
    check("close", glfs_close(fd), 0);
}

static void locks(glfs_t *fs) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    glfs_fd_t *one = glfs_open(fs, "/data", O_RDWR), *two = glfs_open(fs, "/data", O_RDWR);
    check("lkowner", glfs_fd_set_lkowner(one, "owner-of-17-bytes", 17), 0);
    check("lkowner", glfs_fd_set_lkowner(two, "b", 1), 0);
    check("lock", glfs_posix_lock(one, F_SETLK, &lock), 0);
    check("conflicting lock", glfs_posix_lock(two, F_SETLK, &lock), EAGAIN);
    check("getlk", glfs_posix_lock(two, F_GETLK, &lock), 0);
    lock.l_type = F_UNLCK;
    check("unlock", glfs_posix_lock(one, F_SETLK, &lock), 0);
    lock.l_type = F_RDLCK;
    check("waiting lock", glfs_posix_lock(two, F_SETLKW, &lock), 0);
    glfs_close(one);
    glfs_close(two);
}

static void names(glfs_t *fs) {
    char text[300], buffer[600];
    struct stat st;
    struct statvfs room;
    struct dirent entry, *found;
    glfs_xreaddirp_stat_t *extra;
    check("mkdir", glfs_mkdir(fs, "/dir", 0755), 0);
    check("mkdir again", glfs_mkdir(fs, "/dir", 0755), EEXIST);
    for (int length = 1; length < 250; length += 31) {
        memset(buffer, 'n', sizeof buffer);
        snprintf(text, sizeof text, "/dir/%.*s", length, buffer);
        check("mknod", glfs_mknod(fs, text, S_IFREG | 0644, 0), 0);
    }
    check("mknod of a name that is no UTF-8", glfs_mknod(fs, "/dir/\xff\xc3\x28", S_IFREG | 0644, 0), 0);
    check("mknod of a fifo", glfs_mknod(fs, "/dir/fifo", S_IFIFO | 0644, 0), 0);
    check("symlink", glfs_symlink(fs, "/somewhere/else", "/dir/symlink"), 0);
    check("readlink", glfs_readlink(fs, "/dir/symlink", text, sizeof text), 0);
    check("link", glfs_link(fs, "/data", "/dir/link"), 0);
    check("rename", glfs_rename(fs, "/dir/link", "/dir/renamed"), 0);
    check("stat", glfs_stat(fs, "/dir/renamed", &st), 0);
    check("stat of nothing", glfs_stat(fs, "/dir/nothing", &st), ENOENT);
    check("statvfs", glfs_statvfs(fs, "/", &room), 0);
    check("access", glfs_access(fs, "/dir", R_OK | X_OK), 0);
    check("setxattr", glfs_setxattr(fs, "/dir", "user.empty", "", 0, XATTR_CREATE), 0);
    check("setxattr again", glfs_setxattr(fs, "/dir", "user.empty", "", 0, XATTR_CREATE), EEXIST);
    check("listxattr", glfs_listxattr(fs, "/dir", buffer, sizeof buffer), 0);
    check("utimens", glfs_utimens(fs, "/dir", (struct timespec[2]){{1, 999999999}, {1700000000, 1}}), 0);
    check("truncate", glfs_truncate(fs, "/data", 4097), 0);
    glfs_fd_t *dir = glfs_opendir(fs, "/dir");
    while (glfs_readdir_r(dir, &entry, &found) == 0 && found != NULL) continue;
    glfs_seekdir(dir, 0);
    while (glfs_xreaddirplus_r(dir, GFAPI_XREADDIRP_STAT | GFAPI_XREADDIRP_HANDLE, &extra, &entry, &found) > 0) {
        if (found == NULL) break;
        glfs_free(extra);
    }
    check("closedir", glfs_closedir(dir), 0);
    check("unlink", glfs_unlink(fs, "/dir/renamed"), 0);
    check("rmdir of a full one", glfs_rmdir(fs, "/dir"), ENOTEMPTY);
}

static void handles(glfs_t *fs) {
    char buffer[200];
    struct stat st;
    glfs_object_t *file = glfs_h_lookupat(fs, NULL, "/data", &st, 0);
    check("h_lookupat", file != NULL ? 0 : -1, 0);
    check("h_anonymous_write", glfs_h_anonymous_write(fs, file, "anonymous", 9, 1), 0);
    check("h_anonymous_read", glfs_h_anonymous_read(fs, file, buffer, 77, 0), 0);
    glfs_h_close(file);
}

/* A thread that never had a lease id: an id that was taken back is sent as one of zeros, which stock bricks take for any. */
static void *write_data(void *fs) {
    glfs_fd_t *fd = glfs_open(fs, "/data", O_RDWR);
    check("write against a lease", glfs_pwrite(fd, "w", 1, 0, 0, NULL, NULL), 0);
    glfs_close(fd);
    return NULL;
}

/* One client takes a lease, another one writes: it is asked back, and ended as it does not come. */
static void leases(glfs_t *holder, glfs_t *writer) {
    char id[16] = "fifteen letters";
    glfs_lease_t lease = {.cmd = GLFS_SET_LEASE, .lease_type = GLFS_RD_LEASE};
    pthread_t thread;
    memcpy(lease.lease_id, id, sizeof id);
    glfs_fd_t *held = glfs_open(holder, "/data", O_RDONLY);
    glfs_setfsleaseid(id);
    check("lease", glfs_lease(held, &lease, NULL, NULL), 0);
    lease.cmd = GLFS_GET_LEASE;
    check("get lease", glfs_lease(held, &lease, NULL, NULL), 0);
    pthread_create(&thread, NULL, write_data, writer);
    pthread_join(thread, NULL);
    glfs_close(held);
}

static glfs_t *mount_volume(const char *volfile, const char *log) {
    glfs_t *fs = glfs_new("tapped");
    check("volfile", glfs_set_volfile(fs, volfile), 0);
    glfs_set_logging(fs, log, 7);
    if (glfs_init(fs) != 0) {
        printf("init: errno %d\n", errno);
        exit(1);
    }
    return fs;
}

int main(int count, char **arguments) {
    int is_leased = count > 3;
    glfs_t *fs = mount_volume(arguments[1], arguments[2]);
    data(fs, is_leased);
    locks(fs);
    names(fs);
    handles(fs);
    if (is_leased) {
        glfs_t *writer = mount_volume(arguments[1], arguments[2]);
        leases(fs, writer);
    }
    fflush(stdout);
    /* Not by glfs_fini, which waits ten seconds for what a client's translators keep. */
    _exit(failures == 0 ? 0 : 1);
}
