#!/usr/bin/env python3
"""who_answers.py PORT ADDRESS...: asks each address in turn, again and again, until it is killed.

Prints a line whenever one answers with another name than answered last: the milliseconds since the
last answer before it, and the name. One question at a time, so that the order of answers is certain.
"""
import socket
import sys
import time

PATIENCE = 0.1

port = int(sys.argv[1])
last = ""
answered = time.monotonic()
while True:
    for address in sys.argv[2:]:
        try:
            with socket.create_connection((address, port), PATIENCE) as connection:
                connection.settimeout(PATIENCE)
                name = connection.recv(100).decode().strip()
        except OSError:
            name = ""
        now = time.monotonic()
        if name:
            if name != last:
                print(int((now - answered) * 1000), name, flush=True)
            last = name
            answered = now
    time.sleep(0.005)
