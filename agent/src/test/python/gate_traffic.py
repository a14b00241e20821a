#!/usr/bin/python3
"""Traffic through a gate, with the times of one clock (CLOCK_MONOTONIC, in nanoseconds) on both sides.

    gate_traffic.py serve
        Answers what it is sent on port 8080, UDP and TCP, and to whoever connects to port 8081 sends the time every 10 ms.
        Ends with its input.
    gate_traffic.py observe INTERVAL_MS KIND=ADDRESS[=PORT]...
        Asks every INTERVAL_MS until its input ends; then prints a line for each question: KIND=ADDRESS, when it was about
        to be sent, when the answer was there or 0.
    gate_traffic.py announce INTERFACE MAC ADDRESS...
        Sends one gratuitous ARP or unsolicited neighbour advertisement for each address.

Kinds: icmp, udp, tcp (on a connection made before the first question), connect (a connection for each), push (a
connection made before, on which the server sends without being asked: its time stands for that of the question).
"""

import os
import selectors
import socket
import struct
import sys
import time

ECHO = 8080
PUSH = 8081
NUMBER = struct.Struct("!Q")
PUSH_INTERVAL = 0.01


def now():
    return time.monotonic_ns()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def numbers(buffer):
    """Takes the whole numbers out of the front of the buffer."""
    while len(buffer) >= NUMBER.size:
        yield NUMBER.unpack_from(buffer)[0]
        del buffer[: NUMBER.size]


class Server:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.pushed = set()
        for kind in (socket.AF_INET, socket.AF_INET6):
            datagrams = self.listen(kind, socket.SOCK_DGRAM, ECHO)
            self.selector.register(datagrams, selectors.EVENT_READ, self.echo_datagram)
            for port, accept in ((ECHO, self.accept_echo), (PUSH, self.accept_push)):
                listener = self.listen(kind, socket.SOCK_STREAM, port)
                listener.listen(64)
                self.selector.register(listener, selectors.EVENT_READ, accept)

    @staticmethod
    def listen(kind, type, port):
        made = socket.socket(kind, type)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if type == socket.SOCK_DGRAM:
            # Answers come from the address that was asked.
            made.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO) if kind == socket.AF_INET6 else
                              (socket.IPPROTO_IP, 8)), 1)
        made.bind(("", port))
        made.setblocking(False)
        return made

    @staticmethod
    def echo_datagram(datagrams):
        data, ancillary, _, peer = datagrams.recvmsg(64, 256)
        try:
            datagrams.sendmsg([data], ancillary, 0, peer)
        except OSError:
            pass  # the gate

    def accept_echo(self, listener):
        self.accept(listener, self.echo)

    def accept_push(self, listener):
        self.pushed.add(self.accept(listener, self.end))

    def accept(self, listener, react):
        made, _ = listener.accept()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(made, selectors.EVENT_READ, react)
        return made

    def echo(self, connection):
        try:
            data = connection.recv(65536)
            if data:
                connection.send(data)
                return
        except OSError:
            pass
        self.drop(connection)

    def end(self, connection):
        self.drop(connection)

    def drop(self, connection):
        self.selector.unregister(connection)
        self.pushed.discard(connection)
        connection.close()

    def push(self):
        for connection in list(self.pushed):
            try:
                connection.send(NUMBER.pack(now()))
            except BlockingIOError:
                pass
            except OSError:
                self.drop(connection)

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        print("ready", flush=True)
        due = time.monotonic()
        while True:
            for key, _ in self.selector.select(max(0, due - time.monotonic())):
                if key.data is not None:
                    key.data(key.fileobj)
                elif not os.read(sys.stdin.fileno(), 64):
                    return
            if time.monotonic() >= due:
                due = time.monotonic() + PUSH_INTERVAL
                self.push()


class Target:
    """What is asked and how; `sent` holds when each question was sent, `received` when it was answered."""

    def __init__(self, name, selector):
        self.name = name
        self.selector = selector
        self.sent = []
        self.received = {}
        self.kind, self.address, *port = name.split("=")
        self.port = int(port[0]) if port else PUSH if self.kind == "push" else ECHO
        self.buffer = bytearray()
        self.attempts = {}
        if self.kind == "icmp":
            protocol = socket.IPPROTO_ICMPV6 if self.is6() else socket.IPPROTO_ICMP
            self.socket = socket.socket(family(self.address), socket.SOCK_RAW, protocol)
            self.identity = os.urandom(2)
            self.socket.connect((self.address, 0))
        elif self.kind == "udp":
            self.socket = socket.socket(family(self.address), socket.SOCK_DGRAM)
            self.socket.connect((self.address, self.port))
        elif self.kind in ("tcp", "push"):
            self.socket = socket.create_connection((self.address, self.port), 30)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif self.kind == "connect":
            return
        else:
            raise ValueError(name)
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, self.receive)

    def is6(self):
        return family(self.address) == socket.AF_INET6

    def is_done(self):
        return len(self.received) == len(self.sent)

    def ask(self):
        if self.kind == "push":
            return
        number = len(self.sent)
        self.sent.append(now())
        try:
            if self.kind == "icmp":
                self.socket.send(self.echo_request(number))
            elif self.kind == "connect":
                self.connect(number)
            else:
                self.socket.send(NUMBER.pack(number))
        except OSError:
            pass  # no route or no neighbour while the gate is closed

    def echo_request(self, number):
        kind = 128 if self.is6() else 8
        content = self.identity + struct.pack("!H", number & 0xFFFF) + NUMBER.pack(number)
        packet = struct.pack("!BBH", kind, 0, 0) + content
        if not self.is6():
            total = sum(struct.unpack("!%dH" % (len(packet) // 2), packet))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            packet = struct.pack("!BBH", kind, 0, ~total & 0xFFFF) + content
        return packet

    def connect(self, number):
        for old in [n for n in self.attempts if n < number - 20]:
            self.forget(old)
        attempt = socket.socket(family(self.address), socket.SOCK_STREAM)
        attempt.setblocking(False)
        attempt.connect_ex((self.address, self.port))
        self.attempts[number] = attempt
        self.selector.register(attempt, selectors.EVENT_WRITE, lambda: self.connected(number))

    def connected(self, number):
        if self.attempts[number].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            self.received[number] = now()
        self.forget(number)

    def forget(self, number):
        attempt = self.attempts.pop(number)
        self.selector.unregister(attempt)
        attempt.close()

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            return
        at = now()
        if self.kind == "icmp":
            packet = data if self.is6() else data[(data[0] & 15) * 4 :]
            if packet[0] == (129 if self.is6() else 0) and packet[4:6] == self.identity:
                self.received.setdefault(NUMBER.unpack_from(packet, 8)[0], at)
            return
        if not data:
            self.selector.unregister(self.socket)
            return
        if self.kind == "udp":
            self.received.setdefault(NUMBER.unpack(data)[0], at)
            return
        self.buffer += data
        for number in numbers(self.buffer):
            if self.kind == "push":
                self.received[len(self.sent)] = at
                self.sent.append(number)
            else:
                self.received[number] = at


def observe(interval, names):
    selector = selectors.DefaultSelector()
    targets = [Target(name, selector) for name in names]
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    print("ready", flush=True)
    due = time.monotonic()
    ending = None
    while ending is None or (time.monotonic() < ending and not all(target.is_done() for target in targets)):
        for key, _ in selector.select(max(0, due - time.monotonic())):
            if key.data is not None:
                key.data()
            elif not os.read(sys.stdin.fileno(), 64):
                selector.unregister(sys.stdin)
                # For the last answers.
                ending = time.monotonic() + 0.1
        if time.monotonic() >= due:
            due = time.monotonic() + interval
            if ending is None:
                for target in targets:
                    target.ask()
    for target in targets:
        for number, sent in enumerate(target.sent):
            print(target.name, sent, target.received.get(number, 0))


def announce(interface, mac, address):
    hardware = bytes.fromhex(mac.replace(":", ""))
    packed = socket.inet_pton(family(address), address)
    if family(address) == socket.AF_INET:
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + hardware + packed + bytes(6) + packed
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
            link.bind((interface, 0))
            link.send(b"\xff" * 6 + hardware + b"\x08\x06" + arp)
    else:
        advertisement = struct.pack("!BBHI", 136, 0, 0, 1 << 29) + packed + b"\x02\x01" + hardware
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            link.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex(interface)))


def main(arguments):
    if arguments[:1] == ["serve"]:
        Server().run()
    elif arguments[:1] == ["observe"]:
        observe(int(arguments[1]) / 1000, arguments[2:])
    elif arguments[:1] == ["announce"]:
        for address in arguments[3:]:
            announce(arguments[1], arguments[2], address)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
