# Uses a mounted directory in every way that coreutils and a few more know. The first argument is the directory.
set -euo pipefail
cd "$1"
mkdir -p tree/a/b/c
seq 1 20000 > tree/numbers
for size in 0 1 2 3 4 5 4095 4096 4097 131071 131072 131073 1048577; do
  head -c "$size" /dev/urandom > "tree/a/size-$size"
done
for index in $(seq 1 40); do echo "$index" > "tree/a/b/file-$index"; done
cat tree/a/size-* | md5sum > /dev/null
dd if=tree/a/size-1048577 of=tree/direct bs=64k oflag=direct,sync iflag=direct count=8 status=none
dd if=/dev/zero of=tree/hole bs=1 count=1 seek=5000000 conv=fsync status=none
fallocate -l 100000 tree/allocated
fallocate -p -o 4096 -l 4096 tree/hole
fallocate -z -o 0 -l 4096 tree/hole || true
cp --sparse=always tree/hole tree/hole-copy
truncate -s 12345 tree/hole
echo more >> tree/numbers
sync tree/numbers tree/a
ln tree/numbers tree/hard
ln -s "numbers" tree/soft
ln -s "/nowhere/at/all/$(printf 'l%.0s' $(seq 1 200))" tree/dangling
readlink tree/soft tree/dangling > /dev/null
mkfifo tree/fifo
mknod tree/device c 1 3
touch "tree/$(printf 'n%.0s' $(seq 1 255))" "tree/name with blanks" $'tree/caf\xc3\xa9' $'tree/\xff\xfe'
touch -d "1960-01-02 03:04:05.678" tree/a/size-1
touch -d "2200-01-02 03:04:05.678" tree/a/size-2
chmod 1777 tree/a
chown 12:34 tree/a/size-3
setfattr -n user.text -v text tree/numbers
setfattr -n user.bytes -v 0x00ff0001 tree/numbers
setfattr -n trusted.odd -v 0x0102030405 tree/a
getfattr -d -m - -R tree/numbers tree/a > /dev/null 2>&1 || true
setfattr -x user.text tree/numbers
! setfattr -x user.none tree/numbers 2> /dev/null
setfacl -m u:nobody:rx tree/a/b 2> /dev/null || true
flock tree/numbers true
python3 - tree/numbers <<'PY' 2> /dev/null || true
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX, 10, 20)
fcntl.lockf(file, fcntl.LOCK_UN, 10, 20)
PY
mv tree/hard tree/a/b/c/moved
mv -f tree/a/b/file-1 tree/a/b/file-2
mv tree/a/b/c tree/c
ls -laR tree > /dev/null
find tree -newer tree/numbers > /dev/null
stat -f . > /dev/null
df . > /dev/null
tar -cf - tree/a | tar -xf - --one-top-level=unpacked
! cat tree/missing 2> /dev/null
! mkdir tree/a 2> /dev/null
! rmdir tree/a 2> /dev/null
rm -rf unpacked tree/c
