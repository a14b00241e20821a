#!/usr/bin/python3
"""Keeps making files in one directory, and appending to them, wherever the directory is moved to.

    file_maker.py DIR RATE SECONDS

Makes RATE changes a second for SECONDS, of files whose names begin with `made-`. Prints how many changes it made.
"""

import os
import sys
import time


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    rate, seconds = float(sys.argv[2]), float(sys.argv[3])
    # From here on names are found from the directory itself, not by its path.
    os.chdir(sys.argv[1])
    start = time.monotonic()
    made = 0
    while time.monotonic() - start < seconds:
        if made >= (time.monotonic() - start) * rate:
            time.sleep(0.001)
            continue
        with open("made-%d" % (made // 3), "ab") as file:
            file.write(b"line %d\n" % made)
        made += 1
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
