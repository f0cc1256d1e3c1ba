/*
 * Gets a volume from a volume server, writes a file, and reads it back through another instance. It ends without glfs_fini,
 * which takes 10 s with a stock volume as well.
 */
#include <fcntl.h>
#include <glusterfs/api/glfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static glfs_t *volume(char **argv) {
  glfs_t *fs = glfs_new(argv[3]);
  if (fs == NULL || glfs_set_volfile_server(fs, "tcp", argv[1], atoi(argv[2])) != 0 ||
      glfs_set_logging(fs, argv[4], 7) != 0 || glfs_init(fs) != 0) {
    perror("glfs_init");
    exit(1);
  }
  return fs;
}

int main(int argc, char **argv) {
  static const char text[] = "written through gfapi";
  char seen[64] = "";
  unsigned char id[16];
  if (argc != 5) return 2;
  glfs_t *fs = volume(argv);
  glfs_fd_t *fd = glfs_creat(fs, "/from-gfapi", O_RDWR, 0644);
  if (fd == NULL || glfs_write(fd, text, sizeof text, 0) != sizeof text ||
      glfs_fsync(fd, NULL, NULL) != 0 || glfs_close(fd) != 0) {
    perror("write");
    return 1;
  }
  if (glfs_get_volumeid(fs, (char *)id, sizeof id) != sizeof id) {
    perror("glfs_get_volumeid");
    return 1;
  }
  fs = volume(argv);
  fd = glfs_open(fs, "/from-gfapi", O_RDONLY);
  if (fd == NULL || glfs_read(fd, seen, sizeof seen, 0) != sizeof text) {
    perror("read");
    return 1;
  }
  for (int i = 0; i < 16; i++) printf("%02x", id[i]);
  printf(" %s\n", seen);
  return 0;
}
