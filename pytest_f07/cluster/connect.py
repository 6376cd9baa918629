"""Open the cluster of a run: workers on this machine that only this run reaches, or a scheduler that is there."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster, Security
from distributed.comm import connect

from pytest_f07.errors import F07Error, first_line
from pytest_f07.variant.cluster import ClusterParams

CONNECT_TIMEOUT_S = 15
# Dask gives its client a level of its own.
LOGGERS = ("distributed", "distributed.client")
# A shard that kills its worker goes to three others before it is given up. No page of Dask's own is served.
SETTINGS = {
    "distributed.scheduler.allowed-failures": 3,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,  # else Dask looks a hundred times a second at what each thread does
}
# Parts come from the workers themselves, and through the scheduler only from those that the driver does not reach.
CLIENT: dict[str, bool] = {"set_as_default": False, "direct_to_workers": True}


@contextmanager
def open_client(cluster: ClusterParams) -> Iterator[Client]:
    """Yield a client of the cluster; workers that were started here end with it.

    :raises F07Error: where no scheduler answers.
    """
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is raised
    if cluster.workers is None:
        with _connect(str(cluster.scheduler)) as client:
            yield client
        return
    # Loopback is open to every user of this machine, and whoever reaches a scheduler runs code: so, with keys of its
    # own. A worker's memory is that of its server beside it, which Dask does not see.
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=cluster.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls://",
            security=True,
            dashboard_address="127.0.0.1:0",  # without it, at port 8787, which another cluster may have
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as local,
        Client(local, **CLIENT) as client,
    ):
        yield client


def check_scheduler(cluster: ClusterParams) -> None:
    """Raise :class:`F07Error` where the scheduler that is named does not answer; start nothing."""
    if cluster.scheduler is not None:
        with open_client(cluster):
            pass


def _connect(scheduler: str) -> Client:
    try:
        reach(scheduler, CONNECT_TIMEOUT_S)
        asyncio.run(_shake_hands(scheduler))
        return Client(scheduler, timeout=CONNECT_TIMEOUT_S, **CLIENT)
    except TypeError:  # so Dask says that it has no certificates
        reason = "Dask's configuration here names no certificates"
    except TimeoutError:
        reason = f"it does not answer as a scheduler within {CONNECT_TIMEOUT_S} s"
    except OSError as error:
        reason = error.strerror or first_line(error).rstrip(".")
    except (ValueError, RuntimeError) as error:
        reason = first_line(error).rstrip(".")
    advice = (
        "Is it running there, and do its certificates suit those here (docs/scale.md)?"
        if scheduler.startswith("tls://")
        else "Is it running there, and without TLS?"
    )
    raise F07Error(f"the scheduler at {scheduler} cannot be reached: {reason}. {advice}")


def reach(address: str, timeout_s: float) -> None:
    """Open a connection to an address like ``tls://host:8786``, and close it.

    :raises OSError: where nobody is there, or does not answer in time.
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout_s).close()


async def _shake_hands(scheduler: str) -> None:
    """Connect once as a client does; where that fails, a client tries on for a minute, and dies with a traceback."""
    options = Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        try:
            (await connect(scheduler, timeout=CONNECT_TIMEOUT_S, **options)).abort()
        except (OSError, TypeError):
            raise
        except Exception:  # whoever is there may answer anything: a length of exabytes, as Dask reads it
            raise ValueError("what it answers is no scheduler's") from None
