#!/usr/bin/python3
"""Measures how long a new file takes from the primary's tree to the standby's.

    latency.py SOURCE TARGET COUNT SIZE [--gap SECONDS] [--limit SECONDS]

Writes COUNT files of SIZE bytes into SOURCE, one after the other, and waits for each until it is in TARGET with the
same content. The time is from before the file is created. Prints milliseconds; exit status 1 if any file did not come
within the limit.
"""

import argparse
import os
import sys
import time


def arrived(path, content):
    try:
        if os.stat(path).st_size != len(content):
            return False
        with open(path, "rb") as file:
            return file.read() == content
    except FileNotFoundError:
        return False


def measure(options, number):
    """Seconds until file `number` arrived, or None."""
    name = "latency-%d-%d" % (os.getpid(), number)
    content = os.urandom(options.size)
    target = os.path.join(options.target, name)
    start = time.perf_counter()
    with open(os.path.join(options.source, name), "xb") as file:
        file.write(content)
    while True:
        seen = arrived(target, content)
        elapsed = time.perf_counter() - start
        if seen:
            return elapsed
        if elapsed > options.limit:
            return None
        time.sleep(0.0003)


def main():
    parser = argparse.ArgumentParser(description="Measures write-to-visible latency.")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("count", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--gap", type=float, default=0.1)
    parser.add_argument("--limit", type=float, default=30)
    options = parser.parse_args()
    times = []
    for number in range(options.count):
        elapsed = measure(options, number)
        if elapsed is not None:
            times.append(elapsed * 1000)
        time.sleep(options.gap)
    times.sort()

    def percentile(share):
        return times[min(len(times) - 1, int(len(times) * share))] if times else float("nan")

    print("n=%d missed=%d p50=%.1f ms p90=%.1f ms p99=%.1f ms max=%.1f ms" % (
        len(times), options.count - len(times), percentile(0.5), percentile(0.9), percentile(0.99), percentile(1)))
    return 0 if len(times) == options.count else 1


if __name__ == "__main__":
    sys.exit(main())
