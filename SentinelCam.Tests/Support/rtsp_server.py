"""An RTSP camera that asks for a password by Digest and draws the current time into every picture.

Reads "port user password" from the first line of standard input (port 0: any), prints the port, and ends with its input.
TimeCode.cs reads the time: forty bits of milliseconds, and below them the same bits inverted.
"""
import os
import sys
import threading
import time

import gi

for library in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(library, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

WIDTH, HEIGHT, RATE, BITS = 640, 480, 15, 40
BLOCK = WIDTH // BITS
SCENE = b"".join(bytes((x * 7 ^ y * 3) & 127 for x in range(WIDTH)) for y in range(2 * BLOCK, HEIGHT))
CHROMA = bytes([128]) * (WIDTH * HEIGHT // 2)


def picture():
    value = int(time.time() * 1000) & ((1 << BITS) - 1)
    bits = [value >> (BITS - 1 - bit) & 1 for bit in range(BITS)]
    rows = [b"".join(bytes([235 if bit == which else 16]) * BLOCK for bit in bits) * BLOCK for which in (1, 0)]
    return rows[0] + rows[1] + SCENE + CHROMA


def need_data(source, _length):
    time.sleep(1 / RATE)
    source.emit("push-buffer", Gst.Buffer.new_wrapped(picture()))


def configure(_factory, media):
    source = media.get_element().get_child_by_name("source")
    source.connect("need-data", need_data)


def main():
    port, user, password = sys.stdin.readline().split()
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( appsrc name=source is-live=true do-timestamp=true format=time "
        f"caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={RATE}/1 "
        f"! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={RATE} ! rtph264pay name=pay0 pt=96 )")
    factory.set_shared(True)
    factory.connect("media-configure", configure)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)

    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.set_auth(auth)
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    GLib.MainLoop().run()


main()
