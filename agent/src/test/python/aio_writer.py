#!/usr/bin/python3
"""Changes a file through the kernel's asynchronous I/O, which raises no event, and keeps it open.

    aio_writer.py FILE SIZE [--direct]

Makes FILE of SIZE bytes if it is not there, opens it, with O_DIRECT if asked for, prints `ready`, then obeys lines on
standard input, each answered with `done`:

    write OFFSET LENGTH CHARACTER    fills a range with a character; with --direct in multiples of 4096
    close                            closes the file; the program ends
"""

import ctypes
import mmap
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {"setup": 206, "getevents": 208, "submit": 209},
    "aarch64": {"setup": 0, "submit": 2, "getevents": 4},
}
PWRITE = 1

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(name, *arguments):
    number = NUMBERS[platform.machine()][name]
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, "io_%s: %s" % (name, os.strerror(code)))
    return result


class Queue:
    """An io context that has one write under way at a time."""

    def __init__(self):
        self.context = ctypes.c_ulong(0)
        call("setup", ctypes.c_long(1), ctypes.byref(self.context))

    def write(self, descriptor, offset, content):
        # Page-aligned memory, as O_DIRECT wants it.
        buffer = mmap.mmap(-1, len(content))
        buffer.write(content)
        address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        block = ctypes.create_string_buffer(
            struct.pack("<QIIHhIQQqQII", 0, 0, 0, PWRITE, 0, descriptor, address, len(content), offset, 0, 0, 0), 64)
        blocks = (ctypes.c_void_p * 1)(ctypes.addressof(block))
        call("submit", self.context, ctypes.c_long(1), blocks)
        event = ctypes.create_string_buffer(32)
        call("getevents", self.context, ctypes.c_long(1), ctypes.c_long(1), event, None)
        result = struct.unpack("<QQqq", event.raw)[2]
        if result != len(content):
            raise OSError(-result if result < 0 else 0, "wrote %d of %d bytes" % (result, len(content)))


def main():
    if not 3 <= len(sys.argv) <= 4 or (len(sys.argv) == 4 and sys.argv[3] != "--direct"):
        print(__doc__, file=sys.stderr)
        return 2
    path, size = sys.argv[1], int(sys.argv[2])
    flags = os.O_DIRECT if len(sys.argv) == 4 else 0
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(b"." * size)
    descriptor = os.open(path, os.O_RDWR | flags)
    queue = Queue()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "write":
            queue.write(descriptor, int(arguments[0]), arguments[2].encode() * int(arguments[1]))
        elif command == "close":
            break
        else:
            print("unknown command: " + command, file=sys.stderr)
            return 2
        print("done", flush=True)
    os.close(descriptor)
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
