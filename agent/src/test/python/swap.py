#!/usr/bin/python3
"""Swaps entries of a tree for ways out of it, as fast as it can.

    swap.py TREE OUTSIDE SECONDS SEED [--hard-links]

TREE/swapped holds what is swapped: directories for links to OUTSIDE and to /etc, files for links to a file in
OUTSIDE, for FIFOs and devices, and with --hard-links for hard links to it. What is swapped is moved out of the tree
and back. Prints how many swaps it made.
"""
import errno
import os
import random
import stat
import sys
import time

PAUSES = [0, 0, 0.0005, 0.003, 0.02]


def quietly(call, *arguments):
    """What another process did in between may make a step impossible."""
    try:
        call(*arguments)
        return True
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR,
                       errno.EINVAL, errno.EPERM, errno.EXDEV):
            return False
        raise


def remove(path):
    """A link, a file or a special file; never what is in a directory."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        quietly(os.unlink, path)


def away(path, aside):
    """Moves the tree's own entry aside; answers whether it did."""
    return quietly(os.rename, path, aside)


def back(path, aside):
    """Puts it back, unless the mirror has made another in its place meanwhile."""
    remove(path)
    quietly(os.rename, aside, path)


def stand_in(kind, path, target, beyond):
    if kind == "link":
        quietly(os.symlink, target, path)
    elif kind == "etc":
        quietly(os.symlink, "/etc", path)
    elif kind == "hard":
        quietly(os.link, beyond, path)
    elif kind == "fifo":
        quietly(os.mkfifo, path)
    elif kind == "device":
        quietly(os.mknod, path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))


def main():
    tree, outside, seconds, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    rng = random.Random(seed)
    top = os.path.join(tree, "swapped")
    aside = os.path.join(os.path.dirname(outside), "aside-%d" % os.getpid())
    os.makedirs(aside, exist_ok=True)
    kinds = ["link", "fifo", "device"] + (["hard"] if "--hard-links" in sys.argv else [])
    deadline = time.monotonic() + seconds
    swaps = 0
    while time.monotonic() < deadline:
        number = rng.randrange(4)
        directory = os.path.join(top, "d%d" % number)
        held = os.path.join(aside, "held%d" % swaps)
        if rng.random() < 0.5:
            if away(directory, held):
                stand_in(rng.choice(["link", "link", "etc"]), directory, outside, "")
                time.sleep(rng.choice(PAUSES))
                back(directory, held)
        else:
            name = rng.choice(["canary", "f0", "f1", "f2"])
            path = os.path.join(directory, name)
            beyond = os.path.join(outside, "canary")
            if away(path, held):
                kind = rng.choice(kinds)
                stand_in(kind, path, beyond, beyond)
                time.sleep(rng.choice(PAUSES))
                back(path, held)
        swaps += 1
    print("%d swaps" % swaps)


if __name__ == "__main__":
    main()
