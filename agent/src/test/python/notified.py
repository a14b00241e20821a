#!/usr/bin/env python3
"""notified.py SOCKET: listens as systemd does and prints what it is told, until it is killed."""
import socket
import sys

name = sys.argv[1]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
    listener.bind("\0" + name[1:] if name.startswith("@") else name)
    print("listening", flush=True)
    while True:
        print(listener.recv(4096).decode(), flush=True)
