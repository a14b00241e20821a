#!/usr/bin/python3
"""Changes a file through a shared mapping only, which raises no event, and keeps it mapped.

    mmap_writer.py FILE SIZE [--close]

Makes FILE of SIZE bytes if it is not there, maps it, closes its descriptor with --close, prints `ready`, then obeys
lines on standard input, each answered with `done`:

    store OFFSET TEXT    puts TEXT at OFFSET
    sync                 msync
    unmap                unmaps and closes; the program ends
"""

import mmap
import os
import sys


def main():
    if not 3 <= len(sys.argv) <= 4 or (len(sys.argv) == 4 and sys.argv[3] != "--close"):
        print(__doc__, file=sys.stderr)
        return 2
    path, size = sys.argv[1], int(sys.argv[2])
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if os.fstat(descriptor).st_size < size:
        # Written, not only truncated: the stores are to change content, not to fill holes.
        os.pwrite(descriptor, b"." * size, 0)
    mapping = mmap.mmap(descriptor, size)
    if len(sys.argv) == 4:
        # mmap keeps a duplicate of the descriptor open; without either, only the mapping is left.
        os.close(descriptor)
        for number in os.listdir("/proc/self/fd"):
            try:
                if os.path.samefile("/proc/self/fd/" + number, path):
                    os.close(int(number))
            except OSError:
                # The descriptor that listed the directory is gone by now.
                continue
    print("ready", flush=True)
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split(" ", 2)
        if command == "store":
            offset, text = int(arguments[0]), os.fsencode(arguments[1])
            mapping[offset:offset + len(text)] = text
        elif command == "sync":
            mapping.flush()
        elif command == "unmap":
            break
        else:
            print("unknown command: " + command, file=sys.stderr)
            return 2
        print("done", flush=True)
    if len(sys.argv) == 4:
        # Closing the mapping would close a descriptor that is closed already.
        os._exit(0)
    mapping.close()
    os.close(descriptor)
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
