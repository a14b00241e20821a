#!/usr/bin/env python3
"""record.py PORT FILE: appends each line that a client sends to the file, and then sends it back."""
import os
import socketserver
import sys


class Record(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            os.write(self.server.file, line)
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Record) as server:
    server.file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    server.serve_forever()
