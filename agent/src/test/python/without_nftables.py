#!/usr/bin/env python3
"""without_nftables.py COMMAND...: runs the command as on a kernel without netfilter.

A filter of system calls refuses to make a netlink socket of the protocol NETLINK_NETFILTER, with the error that such a
kernel has for it.
"""
import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
EPROTONOSUPPORT = 0x00050000 | 93
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
NETLINK = 16
NETFILTER = 12

# Of struct seccomp_data: the call's number, and the lower halves of its first and third argument.
NUMBER, FAMILY, PROTOCOL = 0, 16, 32
LOAD = 0x20
IF_EQUAL = 0x15
RETURN = 0x06


def step(code, value, if_not=0):
    return struct.pack("=HBBI", code, 0, if_not, value)


program = b"".join(
    [
        step(LOAD, NUMBER),
        step(IF_EQUAL, SOCKET, 5),
        step(LOAD, FAMILY),
        step(IF_EQUAL, NETLINK, 3),
        step(LOAD, PROTOCOL),
        step(IF_EQUAL, NETFILTER, 1),
        step(RETURN, EPROTONOSUPPORT),
        step(RETURN, ALLOW),
    ]
)
buffer = ctypes.create_string_buffer(program)
filters = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters, 0, 0)):
    if libc.prctl(*arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
os.execvp(sys.argv[1], sys.argv[1:])
