"""Hears who says, or says, that he has one of some addresses.

    address_claims.py listen INTERFACE ADDRESS…
        Prints "ready"; at the end of its input, for each claim that it heard:
        request|reply|advertisement ADDRESS HARDWARE NANOSECONDS (CLOCK_MONOTONIC)
    address_claims.py flood INTERFACE TIMES ADDRESS
        Claims the IPv4 address so many times, for one of two hardware addresses in turn.
    address_claims.py ask INTERFACE OWN ADDRESS
        Prints "ready", and asks every 20 ms who has the IPv4 address, as the owner of the other one; at the end of its
        input, for each answer:
        HARDWARE NANOSECONDS

Gratuitous ARP counts only if it names the address as sender and target; an advertisement only if it is valid:
hop limit, checksum, and flagged to override what was known before.
"""

import ipaddress
import os
import select
import socket
import struct
import sys
import time

ALL_PROTOCOLS = 3
ARP = 0x0806
REPLY = 2
ASK_SECONDS = 0.02


def checksum(packet):
    pseudo = packet[8:40] + struct.pack("!II", len(packet) - 40, 58) + packet[40:]
    total = sum(struct.unpack("!%dH" % (len(pseudo) // 2), pseudo))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def claim(frame):
    """The kind, address and hardware address of a claim, or None."""
    kind = frame[12:14]
    packet = frame[14:]
    if kind == b"\x08\x06":
        operation = struct.unpack_from("!H", packet, 6)[0]
        if packet[14:18] == packet[24:28]:
            return ("request" if operation == 1 else "reply"), packet[14:18], packet[8:14]
    elif kind == b"\x86\xdd" and packet[6] == 58 and packet[40] == 136:
        flags = packet[44]
        if packet[7] == 255 and flags & 0x20 and checksum(packet[: 40 + struct.unpack_from("!H", packet, 4)[0]]) == 0xFFFF:
            return "advertisement", packet[48:64], packet[66:72]
    return None


def flood(interface, times, address):
    sender = ipaddress.ip_address(address).packed
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((interface, 0))
        for i in range(times):
            hardware = bytes.fromhex("0200000000") + bytes([0xA0 + i % 2])
            packet = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + hardware + sender + bytes(6) + sender
            link.send(b"\xff" * 6 + hardware + b"\x08\x06" + packet)


def listen(interface, addresses):
    wanted = {ipaddress.ip_address(address).packed: address for address in addresses}
    heard = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS)) as link:
        link.bind((interface, ALL_PROTOCOLS))
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([link, sys.stdin], [], [])
            if link in ready:
                frame, origin = link.recvfrom(2048)
                found = claim(frame)
                if found and origin[2] != socket.PACKET_OUTGOING and found[1] in wanted:
                    heard.append((found[0], wanted[found[1]], found[2].hex(":"), time.monotonic_ns()))
            elif not os.read(sys.stdin.fileno(), 64):
                break
    for each in heard:
        print(*each)


def ask(interface, own, address):
    wanted = ipaddress.ip_address(address).packed
    heard = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP)) as link:
        link.bind((interface, ARP))
        hardware = link.getsockname()[4]
        packet = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + hardware + ipaddress.ip_address(own).packed + bytes(6) + wanted
        question = b"\xff" * 6 + hardware + struct.pack("!H", ARP) + packet
        print("ready", flush=True)
        due = time.monotonic()
        while True:
            ready, _, _ = select.select([link, sys.stdin], [], [], max(0, due - time.monotonic()))
            if link in ready:
                answer = link.recv(2048)[14:]
                if struct.unpack_from("!H", answer, 6)[0] == REPLY and answer[14:18] == wanted:
                    heard.append((answer[8:14].hex(":"), time.monotonic_ns()))
            elif sys.stdin in ready and not os.read(sys.stdin.fileno(), 64):
                break
            if time.monotonic() >= due:
                due = time.monotonic() + ASK_SECONDS
                link.send(question)
    for each in heard:
        print(*each)


if __name__ == "__main__":
    if sys.argv[1] == "flood":
        flood(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1] == "ask":
        ask(*sys.argv[2:])
    else:
        listen(sys.argv[2], sys.argv[3:])
