"""
Takes and releases the lock of a file, again and again, until standard input ends. While it has the lock it makes a second file
that must not be there, on another file system: whoever finds it has the lock together with somebody else. The third argument
says whether it opens the file anew each time ("reopen") or once ("keep"). The last line says how often it had the lock, and how
often not alone.
"""
import fcntl
import os
import select
import sys
import time

path, marker, how = sys.argv[1:4]
taken = 0
shared = 0
fd = os.open(path, os.O_RDWR)
while not select.select([sys.stdin], [], [], 0)[0]:
    fcntl.lockf(fd, fcntl.LOCK_EX)
    taken += 1
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        time.sleep(0.002)
        os.unlink(marker)
    except FileExistsError:
        shared += 1
    fcntl.lockf(fd, fcntl.LOCK_UN)
    print(f"taken {taken}", flush=True)
    if how == "reopen":
        os.close(fd)
        fd = os.open(path, os.O_RDWR)
    # Others, and who wants to move the file, come to the lock as well.
    time.sleep(0.01)
print(f"ended {taken} {shared}", flush=True)
