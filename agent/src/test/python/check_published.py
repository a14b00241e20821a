#!/usr/bin/python3
"""Reads published files again and again while they are replaced, and says when one is wrong.

    check_published.py DIR --until FILE

DIR holds files named p<number> that begin with the SHA-256 of their rest, in hexadecimal, and a newline (see
churn.py). A file, or DIR, may come and go at any time; what is read of one that is there must be right. Stops when
FILE exists: exit status 0 and the number of files read; 1 at the first wrong one, 2 for a mistake in the call.
"""

import argparse
import hashlib
import os
import re
import sys
import time

NAME = re.compile(r"p[0-9]+")
HEAD = 65


# Nanoseconds: the kernel's clock of changes stands still between two ticks.
TICKS = 20_000_000


def version(path):
    """What is another when a file, or what it holds, is another; None where nobody can tell yet, or it is gone."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if time.time_ns() - status.st_ctime_ns < TICKS:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def problem(path):
    """What is wrong with a published file; None if nothing is, or it is gone."""
    try:
        with open(path, "rb") as file:
            content = file.read()
            status = os.fstat(file.fileno())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(content) < HEAD or content[HEAD - 1:HEAD] != b"\n":
        return "has %d bytes and no checksum, inode %d" % (len(content), status.st_ino)
    said, found = content[:HEAD - 1].decode("ascii", "replace"), hashlib.sha256(content[HEAD:]).hexdigest()
    if said != found:
        return "says %s but is %s, %d bytes, inode %d" % (said, found, len(content), status.st_ino)
    return None


def main():
    parser = argparse.ArgumentParser(description="Checks published files.")
    parser.add_argument("directory")
    parser.add_argument("--until", required=True)
    options = parser.parse_args()
    parent = os.getppid()
    count = 0
    right = {}
    while True:
        # One whole round after the end was announced, or after whoever started this is gone.
        last = os.path.exists(options.until) or os.getppid() != parent
        try:
            names = [name for name in os.listdir(options.directory) if NAME.fullmatch(name)]
        except (FileNotFoundError, NotADirectoryError):
            names = []
        for name in names:
            path = os.path.join(options.directory, name)
            # Before it is read: what comes in between is looked at in the next round.
            now = version(path)
            if now and right.get(name) == now:
                continue
            wrong = problem(path)
            if wrong:
                print("%s %s" % (path, wrong))
                return 1
            right[name] = now
            count += 1
        if last:
            print("%d reads of published files, none wrong" % count)
            return 0
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
