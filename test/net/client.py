#!/usr/bin/env python3
"""A client of simplevpn over plain TCP: client.py HOST [PORT], as root. It does what the README's chapter says."""
import fcntl, select, socket, struct, sys, time

ONES = b"\xff" * 8
IDLE, TIMEOUT, MTU = 15, 60, 1400


def first_frame(stream):
    """The first frame of the bytes that have come, or nothing while it has not come whole."""
    if len(stream) < 20:
        return b""
    total, rest = struct.unpack_from(">2xHH", stream)
    version = stream[0] >> 4
    if stream[12:20] != ONES and version not in (4, 6):
        sys.exit("client.py: the server sent what is no frame")
    length = 20 if stream[12:20] == ONES else 40 + rest if version == 6 else total or 20
    return bytes(stream[:length]) if len(stream) >= length else b""


def open_tun(address):
    """A TUN interface with that address, of 4 bytes, in 10.0.0.0/16 (linux/if_tun.h, netdevice(7))."""
    tun = open("/dev/net/tun", "r+b", buffering=0)
    name = fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun%d", 0x1001))[:16]  # TUNSETIFF: IFF_TUN, IFF_NO_PI
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for call, value in (
            (0x8916, struct.pack("HH4s16x", socket.AF_INET, 0, address)),  # SIOCSIFADDR
            (0x891C, struct.pack("HH4s16x", socket.AF_INET, 0, b"\xff\xff\0\0")),  # SIOCSIFNETMASK
            (0x8922, struct.pack("i20x", MTU)),  # SIOCSIFMTU
            (0x8914, struct.pack("H22x", 0x1)),  # SIOCSIFFLAGS: IFF_UP
        ):
            fcntl.ioctl(any_socket, call, name + value)
    print("address", socket.inet_ntoa(address), flush=True)
    return tun


server = socket.create_connection((sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2002), TIMEOUT)
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
server.sendall(b"\x45" + bytes(19))  # a request for any address
stream, tun = bytearray(), None
sent = heard = asked = time.monotonic()
while time.monotonic() - heard < IDLE + TIMEOUT:
    ready = select.select([server, tun] if tun else [server], [], [], 1)[0]
    if server in ready:
        stream += server.recv(65536) or sys.exit("client.py: the server closed the connection")
        heard = time.monotonic()
    while frame := first_frame(stream):
        del stream[: len(frame)]
        if frame[12:20] != ONES and frame[0] >> 4 == 4:  # neither a keepalive nor IPv6
            if tun is None:
                tun = open_tun(frame[16:20])
            elif frame[2:4] != b"\0\0":  # not the answer once more
                tun.write(frame)
    if tun in ready and (packet := tun.read(65536))[0] >> 4 == 4:
        server.sendall(packet)
        sent = time.monotonic()
    if time.monotonic() - min(sent, max(heard, asked)) >= IDLE:
        server.sendall(b"\x45" + bytes(11) + ONES)  # a keepalive
        sent = asked = time.monotonic()
sys.exit("client.py: the server does not answer")
