# SPDX-License-Identifier: Apache-2.0
"""A DHCP server for one bridge of a private host: every card that asks gets the one address."""
import socket
import struct
import threading

COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
REPLIES = {DISCOVER: OFFER, REQUEST: ACK}


def options_in(packet):
    options, at = {}, 240
    while at < len(packet) and packet[at] != 255:
        if packet[at] == 0:
            at += 1
            continue
        options[packet[at]] = packet[at + 2:at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return options


def reply(packet, server, client):
    """The answer to a packet; None where it wants none."""
    kind = options_in(packet).get(53, b"\0")[0]
    if len(packet) < 240 or packet[236:240] != COOKIE or kind not in REPLIES:
        return None
    options = b"".join(struct.pack("BB", code, len(value)) + value for code, value in (
        (53, bytes([REPLIES[kind]])), (54, server), (51, struct.pack(">I", 3600)), (1, b"\xff\xff\xff\0"), (3, server), (6, server)))
    return (b"\x02" + packet[1:4] + packet[4:8] + b"\0\0\x80\0" + bytes(4) + client + server + bytes(4) + packet[28:44] +
            bytes(192) + COOKIE + options + b"\xff").ljust(300, b"\0")


def serve(link, server, client):
    """Answers in the background as long as this process lives."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
    listener.bind(("0.0.0.0", 67))

    def run():
        while True:
            packet = listener.recv(1500)
            answer = reply(packet, socket.inet_aton(server), socket.inet_aton(client))
            if answer:
                listener.sendto(answer, ("255.255.255.255", 68))

    threading.Thread(target=run, daemon=True).start()
