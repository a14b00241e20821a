#!/usr/bin/python3
"""Says whether two directory trees are the same, attribute by attribute.

    compare_trees.py A B [--quick] [--wait SECONDS] [--exclude PATH]...

Compared are names (as bytes), kinds, content, permissions, owner, group, mtime in nanoseconds, symbolic links'
targets, device numbers, which names are hard links of each other, holes, and all extended attributes, ACLs among
them. Symbolic links are not followed; filesystems mounted in a tree are part of it. Left out are `.hotspare` directly
in a root or in a mounted filesystem's root, and every --exclude (a path relative to the roots).

--quick leaves out content and holes, for which files are opened. --wait compares again and again until the trees are the same or the time is over.
Exit status 0 and the number of entries, or 1 and the first differences.
"""

import argparse
import ctypes
import errno
import fcntl
import os
import stat
import struct
import sys
import time

UNIT = 4096
CHUNK = 1 << 20
SHOWN = 20
WORK_DIRECTORY = b".hotspare"
# XFS shows an ACL a second time in its own form.
OTHER_FORMS_OF_ACLS = ("trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT")

# <linux/fiemap.h>
FS_IOC_FIEMAP = 0xC020660B
FIEMAP_EXTENT_UNWRITTEN = 0x800
FIEMAP_EXTENTS = 64
FIEMAP_HEAD = struct.Struct("=QQLLLL")  # start, length, flags, mapped, room, reserved
FIEMAP_EXTENT = struct.Struct("=QQQ16xL12x")  # start, physical start, length, flags

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


class Changing(Exception):
    """An entry vanished or changed its kind while the tree was read."""


def printable(path):
    text = path.decode("utf-8", "backslashreplace").encode("unicode_escape").decode("ascii")
    return text if len(text) <= 300 else text[:100] + "[...]" + text[-150:]


def attributes(place):
    """All extended attributes of what is at `place`, itself if it is a link."""
    try:
        names = os.listxattr(place, follow_symlinks=False)
    except OSError as e:
        if e.errno == errno.EOPNOTSUPP:
            return ()
        raise
    found = []
    for name in sorted(names):
        if name not in OTHER_FORMS_OF_ACLS:
            found.append((name, os.getxattr(place, name, follow_symlinks=False)))
    return tuple(found)


def unread_holes(descriptor, size):
    """The holes of an open file that no page is cached of, as the filesystem tells them: [(start, end), ...]."""
    at = 0
    while at < size:
        start = os.lseek(descriptor, at, os.SEEK_HOLE)
        if start >= size:
            break
        try:
            end = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as e:
            if e.errno != errno.ENXIO:
                raise
            end = size
        yield start, end
        at = max(end, at + 1)


def reserved(descriptor, size):
    """What the filesystem reserved for an open file and nobody wrote yet: [(start, end), ...]."""
    at = 0
    while at < size:
        request = bytearray(FIEMAP_HEAD.size + FIEMAP_EXTENTS * FIEMAP_EXTENT.size)
        FIEMAP_HEAD.pack_into(request, 0, at, size - at, 0, 0, FIEMAP_EXTENTS, 0)
        try:
            fcntl.ioctl(descriptor, FS_IOC_FIEMAP, request)
        except OSError as e:
            if e.errno in (errno.EOPNOTSUPP, errno.ENOTTY):
                return
            raise
        mapped = FIEMAP_HEAD.unpack_from(request)[3]
        if mapped == 0:
            return
        for i in range(mapped):
            start, _, length, flags = FIEMAP_EXTENT.unpack_from(request, FIEMAP_HEAD.size + i * FIEMAP_EXTENT.size)
            end = min(start + length, size)
            if flags & FIEMAP_EXTENT_UNWRITTEN and is_zero(descriptor, start, end):
                yield start, end
            at = start + length


def is_zero(descriptor, start, end):
    while start < end:
        part = os.pread(descriptor, min(CHUNK, end - start), start)
        if not part:
            break
        if part.count(0) != len(part):
            return False
        start += len(part)
    return True


def holes(unread, unwritten, size):
    """The holes of a file, in whole units: [(start, end), ...]."""
    # What was reserved and never written is a hole only while no page of it is cached, as reading it does.
    joined = []
    for start, end in sorted([*unread, *unwritten]):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([start, end])
    found = []
    for start, end in joined:
        first = -(-start // UNIT) * UNIT
        last = size if end >= size else end // UNIT * UNIT
        if first < last:
            found.append((first, last))
    return tuple(found)


def without(gaps, others):
    """What of `gaps` is in none of `others`: [(start, end), ...]."""
    left = list(gaps)
    for start, end in others:
        left = [
            (a, b) for x, y in left for a, b in ((x, min(y, start)), (max(x, end), y)) if a < b
        ]
    return tuple(left)


def open_file(name, directory):
    # O_NONBLOCK: should a FIFO take the file's place meanwhile, opening it must not wait for a writer.
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME, dir_fd=directory)


class Scan:
    """Reads one tree, directory by directory through descriptors, so that no path is too long."""

    def __init__(self, root, excluded, quick):
        self.root = root
        self.excluded = excluded
        self.quick = quick
        self.entries = {}  # path -> {attribute: value}
        self.links = {}  # (device, inode) -> paths
        self.reserved = {}  # path -> [(start, end), ...]
        self.has_work_directory = False

    def run(self):
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            status = os.fstat(descriptor)
            self.entries[b"."] = self.describe(status, b"/proc/self/fd/%d/." % descriptor, b".", descriptor, b".")
            self.directory(descriptor, b"", status.st_dev, True)
        finally:
            os.close(descriptor)
        groups = {}
        for paths in self.links.values():
            for path in paths:
                groups[path] = tuple(sorted(paths))
        for path, group in groups.items():
            # A further name outside the tree is no part of it.
            if len(group) > 1:
                self.entries[path]["hard links"] = group
        if self.has_work_directory:
            # Making or removing it touched the root.
            self.entries[b"."].pop("mtime")
        return self

    def directory(self, descriptor, prefix, device, is_top):
        # Names first, so that the listing is closed before the directories below are read.
        with os.scandir(descriptor) as listing:
            names = [os.fsencode(entry.name) for entry in listing]
        base = b"/proc/self/fd/%d/" % descriptor
        for name in names:
            path = prefix + name
            if is_top and name == WORK_DIRECTORY:
                self.has_work_directory = self.has_work_directory or prefix == b""
                continue
            if path in self.excluded:
                continue
            try:
                self.entry(descriptor, base + name, name, path, device)
            except OSError as e:
                if e.errno in (errno.ENOENT, errno.ESTALE, errno.ENODATA, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
                    raise Changing(printable(path)) from e
                raise OSError(e.errno, "%s: %s" % (printable(path), e.strerror)) from e

    def entry(self, parent, place, name, path, device):
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        found = self.describe(status, place, name, parent, path)
        self.entries[path] = found
        if stat.S_ISDIR(status.st_mode):
            child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            try:
                self.directory(child, path + b"/", status.st_dev, status.st_dev != device)
            finally:
                os.close(child)
        elif status.st_nlink > 1:
            self.links.setdefault((status.st_dev, status.st_ino), []).append(path)

    def holes(self, descriptor, size, path):
        if size > UNIT:
            os.fdatasync(descriptor)
        unwritten = list(reserved(descriptor, size))
        if unwritten:
            self.reserved[path] = unwritten
        return holes(unread_holes(descriptor, size), unwritten, size)

    def describe(self, status, place, name, parent, path):
        kind = stat.S_IFMT(status.st_mode)
        found = {
            "kind": KINDS.get(kind, oct(kind)),
            "permissions": oct(stat.S_IMODE(status.st_mode)),
            "owner": status.st_uid,
            "group": status.st_gid,
            "mtime": status.st_mtime_ns,
        }
        extended = attributes(place)
        if extended:
            found["extended attributes"] = extended
        if kind == stat.S_IFREG:
            found["size"] = status.st_size
            if status.st_size > 0 and not self.quick:
                descriptor = open_file(name, parent)
                try:
                    found["holes"] = self.holes(descriptor, status.st_size, path)
                finally:
                    os.close(descriptor)
        elif kind == stat.S_IFLNK:
            found["target"] = os.readlink(name, dir_fd=parent)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            found["device"] = (os.major(status.st_rdev), os.minor(status.st_rdev))
        return found


def scan(root, excluded, quick):
    try:
        return Scan(root, excluded, quick).run()
    except Changing as e:
        return "changes while it is read: " + str(e)
    except OSError as e:
        return str(e)


def open_below(root, path):
    """Opens a file by its path relative to an open root, however long the path is."""
    descriptor = root
    parts = path.split(b"/")
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            if descriptor != root:
                os.close(descriptor)
            descriptor = below
        return open_file(parts[-1], descriptor)
    finally:
        if descriptor != root:
            os.close(descriptor)


def first_different_byte(one, other, size, gaps):
    """Where two open files of one size and with the same holes differ; None where they do not."""
    at = 0
    for start, end in list(gaps) + [(size, size)]:
        while at < start:
            length = min(CHUNK, start - at)
            left, right = os.pread(one, length, at), os.pread(other, length, at)
            if left != right or not left:
                matching = next((i for i, (x, y) in enumerate(zip(left, right)) if x != y), min(len(left), len(right)))
                return at + matching
            at += len(left)
        at = max(at, end)
    return None


def content_difference(roots, path, entry):
    one = open_below(roots[0], path)
    try:
        other = open_below(roots[1], path)
        try:
            return first_different_byte(one, other, entry["size"], entry.get("holes", ()))
        finally:
            os.close(other)
    finally:
        os.close(one)


def differences_of(path, left, right):
    for key in sorted(set(left) | set(right)):
        x, y = left.get(key), right.get(key)
        if x != y:
            if key == "extended attributes":
                x, y = [sorted(set(a or ()) - set(b or ())) for a, b in ((x, y), (y, x))]
            yield "%s: %s: %r | %r" % (printable(path), key, x, y)


class Differences:
    def __init__(self):
        self.shown = []
        self.count = 0

    def add(self, text):
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(text if len(text) <= 600 else text[:600] + "...")


def compare_content(paths, one, differences):
    roots = [os.open(root, os.O_RDONLY | os.O_DIRECTORY) for root in paths]
    try:
        for path, entry in one.items():
            if entry["kind"] == "file" and entry["size"] > 0:
                try:
                    at = content_difference(roots, path, entry)
                except OSError as e:
                    differences.add("%s: cannot be read: %s" % (printable(path), e.strerror))
                    continue
                if at is not None:
                    differences.add("%s: content: differs at byte %d" % (printable(path), at))
    finally:
        for root in roots:
            os.close(root)


def forgive_reserved(*scans):
    """What is reserved and never written on one side may be written with zeros on the other: a crash leaves such."""
    for path in set(scans[0].reserved) | set(scans[1].reserved):
        for scanned in scans:
            entry = scanned.entries.get(path, {})
            if "holes" in entry:
                for any_scan in scans:
                    entry["holes"] = without(entry["holes"], any_scan.reserved.get(path, ()))


def compare(paths, excluded, quick):
    """One comparison: (how many entries, the differences)."""
    differences = Differences()
    if not quick:
        write_back(paths)
    scans = [scan(path, excluded, quick) for path in paths]
    for path, result in zip(paths, scans):
        if isinstance(result, str):
            differences.add("%s: %s" % (printable(path), result))
    if differences.count:
        return 0, differences
    one, other = [result.entries for result in scans]
    forgive_reserved(*scans)
    if b"." in one and ("mtime" in one[b"."]) != ("mtime" in other[b"."]):
        one[b"."].pop("mtime", None)
        other[b"."].pop("mtime", None)
    for path in sorted(set(one) | set(other)):
        if path not in other:
            differences.add("%s: only in %s" % (printable(path), printable(paths[0])))
        elif path not in one:
            differences.add("%s: only in %s" % (printable(path), printable(paths[1])))
        elif one[path] != other[path]:
            for difference in differences_of(path, one[path], other[path]):
                differences.add(difference)
    if not quick and differences.count == 0:
        compare_content(paths, one, differences)
    return len(one), differences


def write_back(paths):
    """What is not yet allocated may be taken for a hole."""
    libc = ctypes.CDLL(None, use_errno=True)
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if libc.syncfs(descriptor) != 0:
                raise OSError(ctypes.get_errno(), "syncfs of " + printable(path))
        finally:
            os.close(descriptor)


def main():
    parser = argparse.ArgumentParser(description="Compares two trees.")
    parser.add_argument("one", type=os.fsencode)
    parser.add_argument("other", type=os.fsencode)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--exclude", type=os.fsencode, action="append", default=[], metavar="PATH")
    options = parser.parse_args()
    paths = [options.one, options.other]
    deadline = time.monotonic() + options.wait
    while True:
        started = time.monotonic()
        try:
            count, differences = compare(paths, frozenset(options.exclude), options.quick)
        except FileNotFoundError as e:
            # A root may be away for a moment, or not be there yet.
            count, differences = 0, Differences()
            differences.add(str(e))
        if differences.count == 0:
            print("%d entries are the same" % count)
            return 0
        now = time.monotonic()
        if now >= deadline:
            break
        # What makes them the same needs the processors, too.
        time.sleep(max(0.2, 2 * (now - started)))
    print("%d differences:" % differences.count)
    for text in differences.shown:
        print(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
