#!/usr/bin/env python3
"""write_numbers.py ADDRESS PORT RATE: sends the numbers 1, 2 ... as lines to record.py, RATE each second, until it is killed.

A number is sent again, over a new connection, until it came back. Each second it prints the last that did, and the
longest time in milliseconds between two that did since it last printed.
"""
import socket
import sys
import time

PATIENCE = 0.05

address, port, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = None
number = 0
longest = 0.0
last = told = due = time.monotonic()
while True:
    number += 1
    line = b"%d\n" % number
    while True:
        try:
            if connection is None:
                connection = socket.create_connection((address, port), PATIENCE)
                answers = connection.makefile("rb")
            connection.sendall(line)
            if answers.readline() == line:
                break
        except OSError:
            pass
        if connection:
            connection.close()
        connection = None
        time.sleep(0.005)
    now = time.monotonic()
    longest = max(longest, now - last)
    last = now
    if now - told >= 1:
        print(number, int(longest * 1000), flush=True)
        told = now
        longest = 0.0
    due = max(due + 1 / rate, now - 0.1)
    if due > now:
        time.sleep(due - now)
