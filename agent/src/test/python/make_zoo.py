#!/usr/bin/python3
"""Makes a tree that has every kind of entry and every attribute that a mirror has to carry.

    make_zoo.py DIR [--beyond-path-max]

DIR is made if it is not there. With --beyond-path-max a chain of directories is added whose path is longer than the
4096 bytes that one system call takes. Needs root. Prints what the filesystem refused.
"""

import errno
import os
import stat
import struct
import sys

SECOND = 1_000_000_000
refused = []


def attempt(what, call, *arguments, **options):
    """Some filesystems lack some attributes, XFS long links and numbers; anything else that fails is an error."""
    try:
        call(*arguments, **options)
    except OSError as e:
        if e.errno not in (
                errno.EOPNOTSUPP, errno.EPERM, errno.ENOSPC, errno.E2BIG, errno.EINVAL, errno.ENAMETOOLONG):
            raise
        refused.append("%s: %s" % (what, e.strerror))


def write(path, content=b"content\n", mode=0o644):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def names():
    os.mkdir(b"names")
    os.chdir(b"names")
    for name in (
        b"not-utf-8-\xff\xfe\x80", b"latin-\xe9t\xe9", b"cut-utf-8-\xc3", b"surrogate-\xed\xa0\x80", b"new\nline",
        b"\n", b"tab\tcarriage\rreturn", b"escape-\x1b[31m", b"-rf", b"--help", b" ", b"trailing ", b"...", b"..a",
        b"*", b"[a-z]?", b"back\\slash", b"quote'\"`$(x)", b"a" * 255, b"\xff" * 255, "é".encode() * 127,
        "e\u0301".encode(), "\u00e9".encode(), b"Case", b"case", b"file~", b"x.tmp", b"%s%n", b":", b"\x7f", b"\x01",
        "\u202egpj.exe".encode(), "\U0001f600".encode(),
    ):
        write(name, b"named " + name)
    os.mkdir(b"dir-\xff\n")
    write(b"dir-\xff\n/inside-\xfe")
    # Only the one in the root is the mirror's own.
    os.mkdir(b".hotspare")
    write(b".hotspare/ordinary")
    os.chdir(b"..")


def deep(total, label):
    """A chain of directories whose path has `total` bytes, with a file and a link at its end."""
    os.mkdir(label)
    start = os.open(b".", os.O_RDONLY | os.O_DIRECTORY)
    os.chdir(label)
    length = len(label)
    while length < total:
        part = b"%04d-" % length + b"d" * 195
        os.mkdir(part)
        os.chdir(part)
        length += len(part) + 1
    write(b"at the bottom", b"%d\n" % length)
    os.symlink(b"at the bottom", b"link")
    os.link(b"at the bottom", b"second name")
    os.fchdir(start)
    os.close(start)


def hard_links():
    os.makedirs("links/one/two")
    os.mkdir("links/three")
    write("links/first", b"many names\n")
    for path in ("links/second", "links/one/third", "links/one/two/fourth", "links/three/fifth"):
        os.link("links/first", path)
    write("links/other", b"many names\n")
    os.link("links/other", "links/three/other")
    os.symlink("first", "links/symlink")
    os.link("links/symlink", "links/one/same symlink", follow_symlinks=False)
    os.mkfifo("links/fifo")
    os.link("links/fifo", "links/three/same fifo")
    write("links/alone", b"many names\n")


def sparse():
    os.mkdir("holes")
    page, unit = b"\xa5" * 4096, 4096

    def make(name, size, *written):
        with open("holes/" + name, "wb") as file:
            for at, content in written:
                file.seek(at)
                file.write(content)
            file.truncate(size)

    make("all hole", 8 << 20)
    make("all hole, odd size", 1_000_001)
    make("small hole", 100)
    make("at the start", 64 * unit, (32 * unit, page * 32))
    make("in the middle", 64 * unit, (0, page * 8), (56 * unit, page * 8))
    make("at the end", 64 * unit, (0, page * 16))
    make("at the end, odd size", 64 * unit + 77, (0, page * 16))
    make("many", 200 * unit, *[(i * unit, page) for i in range(0, 200, 4)])
    make("data off the units", 64 * unit, (5 * unit + 100, b"x" * 50), (20 * unit - 1, b"yz"))
    make("large", 64 << 20, (10 << 20, page), (50 << 20, page * 300))
    write("holes/zeros, not holes", bytes(64 * unit))
    write("holes/empty", b"")


def files():
    os.mkdir("files")
    for size in (0, 1, 4095, 4096, 4097, 16383, 16384, 16385, 65536, 262144, 1_000_003):
        write("files/%d bytes" % size, (b"%08d" % size) * (size // 8) + b"x" * (size % 8))
    os.mkdir("many")
    for i in range(500):
        write("many/%03d" % i, b"%d\n" % i)
    os.makedirs("directories/empty")
    os.makedirs("directories/a/b/c/d/e/f")


SMALL = ((b"text", b"value"), (b"empty", b""), (b"not-utf-8-\xff", b"\x00\n"))
LARGE = ((b"binary", bytes(range(256))), (b"long", b"v" * 1500))


def set_attributes(path, namespaces, values=SMALL, follow=True):
    for namespace in namespaces:
        for name, value in values:
            label = namespace.encode() + b".hotspare." + name
            attempt("%s on %s" % (label, path), os.setxattr, path, label, value, follow_symlinks=follow)


def extended_attributes():
    os.makedirs("attributes/directory")
    everywhere = ["user", "trusted", "security"]
    for namespace in everywhere:
        write("attributes/" + namespace)
        set_attributes("attributes/" + namespace, [namespace], SMALL + LARGE)
    write("attributes/all")
    set_attributes("attributes/all", everywhere)
    set_attributes("attributes/directory", everywhere)
    os.symlink("nowhere", "attributes/link")
    set_attributes("attributes/link", ["trusted"], SMALL + LARGE, follow=False)
    os.mkfifo("attributes/fifo")
    set_attributes("attributes/fifo", ["trusted"])
    write("attributes/capable", b"#!/bin/sh\n", 0o755)
    capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
    attempt("security.capability", os.setxattr, "attributes/capable", "security.capability", capability)


def acl(*entries):
    """The kernel's form of an ACL; entries are (tag, permissions, id)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def acls():
    none = 0xFFFFFFFF
    access = acl((1, 6, none), (2, 4, 1234), (2, 7, 70000), (4, 4, none), (8, 5, 4321), (16, 7, none), (32, 0, none))
    default = acl((1, 7, none), (2, 5, 1234), (4, 5, none), (16, 5, none), (32, 1, none))
    os.makedirs("acls/directory")
    write("acls/file")
    attempt("ACL", os.setxattr, "acls/file", "system.posix_acl_access", access)
    attempt("ACL", os.setxattr, "acls/directory", "system.posix_acl_access", access)
    attempt("default ACL", os.setxattr, "acls/directory", "system.posix_acl_default", default)
    write("acls/directory/inherits")
    os.mkdir("acls/directory/inherits too")


def special_files():
    os.mkdir("special")
    os.mkfifo("special/fifo", 0o620)
    os.mknod("special/socket", stat.S_IFSOCK | 0o755)
    devices = (("null", stat.S_IFCHR, 1, 3), ("disk", stat.S_IFBLK, 7, 200), ("large numbers", stat.S_IFCHR, 4000, 70000),
               ("large block", stat.S_IFBLK, 259, 300000))
    for name, kind, major, minor in devices:
        attempt("device " + name, os.mknod, "special/" + name, kind | 0o640, os.makedev(major, minor))


def permissions():
    os.mkdir("modes")
    for mode in (0, 0o400, 0o007, 0o4755, 0o2755, 0o1644, 0o6711, 0o7777, 0o2644):
        write("modes/file %04o" % mode)
        os.chmod("modes/file %04o" % mode, mode)
        os.mkdir("modes/directory %04o" % mode)
        write("modes/directory %04o/inside" % mode)
        os.chmod("modes/directory %04o" % mode, mode)
    for owner, group in ((1000, 1000), (0, 12345), (65534, 65534), (4_000_000_000, 3_999_999_999)):
        name = "modes/owned by %d" % owner
        write(name)
        os.symlink("x", name + ", link")
        os.mkdir(name + ", directory")
        for path in (name, name + ", link", name + ", directory"):
            os.chown(path, owner, group, follow_symlinks=False)
    # Changing the owner drops these bits, so they come after it.
    write("modes/owned setuid")
    os.chown("modes/owned setuid", 1000, 1000)
    os.chmod("modes/owned setuid", 0o6755)


def symbolic_links():
    os.mkdir("symlinks")
    targets = (b"nowhere", b"/etc/passwd", b"/", b"..", b"../../../../../../etc", b".", b"itself", b"x" * 4095,
               b"not-utf-8-\xff", b"new\nline", b"a//b///c/")
    for i, target in enumerate(targets):
        attempt("link of %d bytes" % len(target), os.symlink, target, b"symlinks/%d" % i)
    os.symlink("itself", "symlinks/itself")
    os.symlink("../files", "symlinks/to a directory")


def times():
    os.mkdir("times")
    moments = (
        0, 1, -1, -SECOND - 1, -1_000_000_000 * SECOND + 999_999_999, -2_147_483_648 * SECOND,
        2_147_483_647 * SECOND + 999_999_999, 2_147_483_648 * SECOND + 1, 4_294_967_297 * SECOND + 123_456_789,
        7_000_000_000 * SECOND + 7, 1_500_000_000 * SECOND + 1, 1_500_000_000 * SECOND + 100_000_000,
    )
    for moment in moments:
        write("times/file %d" % moment)
        os.symlink("x", "times/link %d" % moment)
        os.mkdir("times/directory %d" % moment)
        write("times/directory %d/inside" % moment)
        for kind in ("file", "link", "directory"):
            os.utime("times/%s %d" % (kind, moment), ns=(moment, moment), follow_symlinks=False)
    os.utime("times", ns=(5, 987_654_321 * SECOND + 1))


def main():
    if not 2 <= len(sys.argv) <= 3 or (len(sys.argv) == 3 and sys.argv[2] != "--beyond-path-max"):
        print(__doc__, file=sys.stderr)
        return 2
    os.umask(0o022)
    os.makedirs(sys.argv[1], exist_ok=True)
    os.chdir(sys.argv[1])
    names()
    deep(3400, b"deep")
    if len(sys.argv) == 3:
        deep(9000, b"deeper")
    hard_links()
    sparse()
    files()
    extended_attributes()
    acls()
    special_files()
    permissions()
    symbolic_links()
    times()
    for text in refused:
        print("refused:", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
