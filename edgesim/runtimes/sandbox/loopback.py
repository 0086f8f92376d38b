"""The loopback of one environment: what a function listens on is its own, though the network is the machine's. On
Lambda each environment has a network of its own, so a function may listen on a fixed port in every one of them.

A TCP socket that is bound gets an address that is the environment's alone, in 127.0.0.0/8: one for IPv4, and one that
stands for ::1. A connection to a port of localhost goes there where the function listens on that port; any other is the
machine's, for the servers that people develop with, except where it is closed. inferred, all of it. A function notices
by the address that getsockname and getpeername tell.
Runs in the zygote (zygote.py): standard library only.
"""

import ipaddress
import os
import socket

_V4, _V6 = 4, 6
# 127.64.0.0/10 for IPv4, 127.128.0.0/10 for IPv6: four million pairs
_FIRST, _MANY = 64, 64
_EVERYBODYS = (ipaddress.ip_network("127.64.0.0/10"), ipaddress.ip_network("127.128.0.0/10"))
_CLAIMED_PORT = 1993  # of UDP; whoever has it has the address
_ATTEMPTS = 20


class Loopback:
    """`closed` are the ports of this machine's loopback that can't be connected to."""

    def __init__(self, closed):
        self._closed = frozenset(closed)
        self._v4 = self._v6 = None  # the environment's addresses, once it has bound something
        self._claim = None
        self._bound = {}  # (version, port) → the address that is bound in its place

    # ── listening ──────────────────────────────────────────────────────────────────────────────────────────────

    def bind(self, theirs, address, port):
        """Bind a TCP socket in its owner's place. Raises OSError, which is for its owner."""
        self._claim_addresses()
        if theirs.family == socket.AF_INET:
            self._bind(theirs, str(self._v4), port, (_V4,))
            return
        both = address.is_unspecified and not theirs.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        theirs.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # what is mapped can't be bound to with it
        if address.version == _V4:
            self._bind(theirs, f"::ffff:{self._v4}", port, (_V4,))
        elif both:
            self._bind(theirs, f"::ffff:{self._v4}", port, (_V4, _V6))
        else:
            self._bind(theirs, f"::ffff:{self._v6}", port, (_V6,))

    def _bind(self, theirs, address, port, versions):
        theirs.bind((address, port))
        bound = ipaddress.IPv4Address(address.rpartition(":")[2])
        for version in versions:
            self._bound[version, theirs.getsockname()[1]] = bound

    def _claim_addresses(self):
        """Nobody else's on this machine for as long as this process lives. inferred: where none is to be had, it is the
        one that all have"""
        attempts = 0
        while self._v4 is None:
            attempts += 1
            claim, drawn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), os.urandom(3)
            address = ipaddress.IPv4Address(bytes((127, _FIRST + drawn[0] % _MANY, drawn[1], drawn[2])))
            try:
                claim.bind((str(address), _CLAIMED_PORT))
            except OSError:
                claim.close()
                if attempts == _ATTEMPTS:
                    self._v4 = self._v6 = ipaddress.IPv4Address("127.0.0.1")
            else:
                self._claim, self._v4, self._v6 = claim, address, address + (_MANY << 16)

    # ── connecting ─────────────────────────────────────────────────────────────────────────────────────────────

    def leads(self, address, port):
        """Where a TCP connection to an address leads: that address, or another one, or None where it is refused."""
        if address in (self._v4, self._v6):
            return address
        if any(address.version == _V4 and address in network for network in _EVERYBODYS):
            return None
        if not (address.is_loopback or address.is_unspecified):
            return address
        listens = {version: bound for version in (_V4, _V6) if (bound := self._listens(version, port)) is not None}
        if listens:
            return listens.get(address.version)
        return None if port in self._closed else address

    def _listens(self, version, port):
        """The address at which the function listens on a port; None where it does not, or no longer."""
        bound = self._bound.get((version, port))
        if bound is None or _is_taken(bound, port):
            return bound
        del self._bound[version, port]
        return None


def _is_taken(address, port):
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that is closing takes nothing
        try:
            probe.bind((str(address), port))
        except OSError:
            return True
    return False
