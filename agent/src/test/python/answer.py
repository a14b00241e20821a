#!/usr/bin/env python3
"""answer.py PORT NAME: tells its name to everybody who connects to that port, until it is killed."""
import socketserver
import sys


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(sys.argv[2].encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Answer) as server:
    server.serve_forever()
