"""Lay out a network of hosts in this machine's kernel: each has addresses, folders and disks of its own.

Nothing of this machine's own network is touched, no right of root's is needed where users may have namespaces, and it
ends with its processes.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

NO_HOSTS = "this machine lets no process have namespaces of its own"
_USER = ("unshare", "--user", "--map-root-user")
_OWN = ("--net", "--mount", "--propagation", "private")


def refusal() -> str:
    """Return why there can be no hosts here: the command that was refused, and its words; empty where there can be."""
    try:
        probe = "ip link add name f07-lan type bridge && mount -t tmpfs tmpfs /mnt"
        done = subprocess.run([*_USER, *_OWN, "sh", "-c", probe], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{NO_HOSTS}: {error}"
    return f"{NO_HOSTS}: {' '.join(done.stderr.split())}" if done.returncode else ""


class Host:
    """A host.

    :param address: on the network.
    :param command: that makes its namespaces; a process of it holds them until its standard input is closed.
    """

    def __init__(self, address: str, command: tuple[str, ...]) -> None:
        self.address = address
        script = "echo ready; exec cat"
        self._holder = subprocess.Popen(
            [*command, *_OWN, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdout
        assert self._holder.stdout.readline() == b"ready\n"
        self.pid = str(self._holder.pid)
        self.call("ip", "link", "set", "lo", "up")

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command begins with to be run on this host."""
        return ("nsenter", "--target", self.pid, "--user", "--net", "--mount", "--preserve-credentials", "--wd=.")

    def call(self, *command: str) -> None:
        """Run a command on this host."""
        subprocess.run([*self.prefix, *command], check=True)

    def mount_disk(self, folder: Path, size: str) -> None:
        """Put an empty disk in place of a folder: what other hosts have there is not seen on this one."""
        self.call("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))

    def close(self) -> None:
        """End what holds the namespaces."""
        with self._holder:
            self._holder.kill()


class Network:
    """A host for the driver and the scheduler, and others, which a bridge connects."""

    def __init__(self) -> None:
        self.driver = Host("10.77.0.1", _USER)
        self.others: list[Host] = []
        self.driver.call("ip", "link", "add", "name", "lan", "type", "bridge")
        self.driver.call("ip", "address", "add", "10.77.0.1/24", "dev", "lan")
        self.driver.call("ip", "link", "set", "lan", "up")

    def add_host(self) -> Host:
        """Connect one more host."""
        number = len(self.others) + 2
        host = Host(f"10.77.0.{number}", (*self.driver.prefix, "unshare"))
        self.others.append(host)
        cable = ("name", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", host.pid)
        self.driver.call("ip", "link", "add", *cable)
        self.driver.call("ip", "link", "set", f"port{number}", "master", "lan", "up")
        host.call("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
        host.call("ip", "link", "set", "eth0", "up")
        return host

    def unplug(self, host: Host) -> None:
        """Pull the cable of a host: no packet comes through any more, and no end of a connection is told."""
        self.driver.call("ip", "link", "set", f"port{self.others.index(host) + 2}", "down")

    def close(self) -> None:
        """End all of it."""
        for host in [*self.others, self.driver]:
            host.close()
