"""The socket to serve on, taken before anything heavy is imported or begun, so that a taken port is said at once."""

import errno
import socket

from app.launch.errors import LaunchError

PORT_TAKEN = 2
"""Exit code, that of wrong usage: another --port is what is asked for."""


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on, which nobody else can take from now on.

    Raises:
        LaunchError: somebody else listens there, or the port needs root.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        door.close()
        raise _unavailable(host, port, error) from error
    return door


def _unavailable(host: str, port: int, error: Exception) -> LaunchError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return LaunchError(
            f"端口 {port} 已被占用；请停止占用它的程序，或用 --port 换一个端口，例如 --port {port + 1}",
            f"port {port} is taken; stop the program that uses it, or choose another with --port {port + 1}",
            exit_code=PORT_TAKEN,
        )
    return LaunchError(
        f"无法监听 {host}:{port}（{error}）",
        f"cannot listen on {host}:{port} ({error})",
        exit_code=PORT_TAKEN,
    )
