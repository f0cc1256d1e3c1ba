"""
Carries out lock steps on one file, one line of answer for each line read, for one process of a user.

  fcntl read|write|unlock START LENGTH [wait]   a POSIX lock; with wait F_SETLKW, otherwise F_SETLK
  get read|write START LENGTH                   F_GETLK: the type, start and length of what is in the way
  flock shared|exclusive|unlock [wait]          flock(2)
  close                                         closes the file and opens it again
"""
import errno
import fcntl
import os
import struct
import sys

FLOCK = "hhqqi4x"
POSIX = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK, "unlock": fcntl.F_UNLCK}
BSD = {"shared": fcntl.LOCK_SH, "exclusive": fcntl.LOCK_EX, "unlock": fcntl.LOCK_UN}
NAMES = {number: name for name, number in POSIX.items()}


def posix(fd, command, kind, start, length):
    flock = struct.pack(FLOCK, POSIX[kind], os.SEEK_SET, int(start), int(length), 0)
    return struct.unpack(FLOCK, fcntl.fcntl(fd, command, flock))


def step(fd, words):
    wait = words[-1] == "wait"
    if words[0] == "fcntl":
        posix(fd, fcntl.F_SETLKW if wait else fcntl.F_SETLK, *words[1:4])
    elif words[0] == "get":
        kind, _, start, length, _ = posix(fd, fcntl.F_GETLK, *words[1:4])
        return "free" if kind == fcntl.F_UNLCK else f"{NAMES[kind]} {start} {length}"
    elif words[0] == "flock":
        fcntl.flock(fd, BSD[words[1]] | (0 if wait else fcntl.LOCK_NB))
    return "ok"


fd = os.open(sys.argv[1], os.O_RDWR)
for line in sys.stdin:
    words = line.split()
    try:
        if words[0] == "close":
            # Whatever close(2) says, the descriptor is gone.
            closing, fd = fd, os.open(sys.argv[1], os.O_RDWR)
            os.close(closing)
        print(step(fd, words), flush=True)
    except OSError as error:
        # EACCES and EAGAIN both say that a lock is held.
        print("EAGAIN" if error.errno == errno.EACCES else errno.errorcode[error.errno], flush=True)
