"""Hostile requests against the real server, at length.

``python -m tests.proofs.fuzz [waitress] [werkzeug]`` prints figures.

Requests that Schemathesis makes from ``/openapi.json``, Arrow streams with bytes changed or cut off, clients that send
half a body or read no answer, and many clients at once. No 5xx, no request that hangs, no growth of memory.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

from pytest_f07 import wire
from pytest_f07.windows import MAX_CODES, MAX_WINDOW, MAX_WINDOWS
from tests.proofs import faults

GENERATED = 10_000
STREAMS = 10_000
CLIENTS, SECONDS = 16, 60
HALF_SENT = 200
GROWTH = 128 * 1024 * 1024
PATIENCE = 30

SERVER = """
import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1)
if sys.argv.pop(1) == "werkzeug":
    sys.modules["waitress"] = sys.modules["waitress.server"] = None
from pytest_f07.server.__main__ import main
sys.exit(main())
"""
HEAD = b"POST /infer_batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@contextmanager
def served(kind: str) -> Iterator[tuple[int, psutil.Process]]:
    """The demo behind waitress or Werkzeug: its port and process."""
    with tempfile.TemporaryDirectory(prefix="f07-fuzz-") as folder:
        root = Path(folder)
        faults.make_project(root)
        manifest = root / faults.VARIANT / "manifest.json"
        log = (root / "server.log").open("wb")
        command = [sys.executable, "-c", SERVER, kind, str(manifest)]
        pipe = subprocess.PIPE
        with log, subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                yield int(re.search(r":([0-9]+)$", line.strip())[1]), psutil.Process(process.pid)  # type: ignore[index]  # that line has it
                assert process.poll() is None, "the server died"
            except Exception:
                # Where does it hang?
                process.send_signal(signal.SIGUSR1)
                time.sleep(1)
                print((root / "server.log").read_text(errors="replace")[-8000:], file=sys.stderr)
                raise
            finally:
                process.kill()


def ask(port: int, body: bytes, content_type: str = wire.JSON, path: str = "/infer_batch") -> tuple[int, bytes]:
    """One request on a connection of its own; a status within the time that we have."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def schemathesis(port: int) -> str:
    """Requests made from the server's own description, right ones and wrong ones."""
    checks = (
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
        "negative_data_rejection,unsupported_method,allow_header_conformance"
    )
    command = [
        str(Path(sys.executable).with_name("st")),
        "run",
        f"http://127.0.0.1:{port}/openapi.json",
        "--workers=2",
        f"--max-examples={GENERATED}",
        "--phases=examples,coverage,fuzzing",
        "--seed=7",
        "--generation-database=none",
        f"--checks={checks}",
        "--continue-on-failure",
        f"--request-timeout={PATIENCE}",
        "--suppress-health-check=all",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with tempfile.TemporaryDirectory(prefix="f07-fuzz-") as folder:  # it keeps files where it runs
        environment["NO_COLOR"] = "1"
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    count = re.search(r"([0-9,]+) generated.*", done.stdout)
    return f"Schemathesis: {count[0] if count else done.stdout[-300:]}"


def streams(rng: random.Random) -> Iterator[bytes]:
    """Arrow streams, each with bytes changed, cut out, put in, or cut off."""
    windows = [[], [1, 2, 3], list(range(40)), [-(2**63), 2**63 - 1], [5] * 17]
    columns = [pa.array(windows, kind) for kind in (pa.list_(pa.int64()), pa.large_list(pa.int64()))]
    columns += [pa.array([[1, 2], []], pa.list_(pa.int8())), pa.array([["a"]]), pa.array([1, 2]), pa.array([[1.5]])]
    seeds = [bytes(wire.encode_windows_arrow(column)) for column in columns]
    edges = [0, 1, 0x7F, 0x80, 0xFF]
    while True:
        body = bytearray(rng.choice(seeds[:2] * 4 + seeds))
        for _ in range(rng.choice([1, 1, 1, 2, 5, 20])):
            place = rng.randrange(len(body))
            match rng.randrange(6):
                case 0 | 1 | 2:
                    body[place] = rng.choice([*edges, rng.randrange(256)])
                case 3:
                    body[place : place + 8] = rng.choice([b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\0" * 8])
                case 4:
                    del body[place : place + rng.randrange(1, 9)]
                case 5 if rng.random() < 0.2:
                    del body[place:]
            if not body:
                break
        yield bytes(body)


def arrow(port: int, many: int = STREAMS) -> str:
    """No stream, however wrong, is more than a 4xx; a right one may come of it."""
    statuses: Counter[int] = Counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _, body in zip(range(many), streams(random.Random(7)), strict=False):
        connection.request("POST", "/infer_batch", body, {"Content-Type": wire.ARROW})
        response = connection.getresponse()
        text = response.read()
        assert response.status in (200, 400, 413), (response.status, text[:300], body)
        if response.status != 200:
            message = json.loads(text)["error"]
            assert message, body
            assert "\n" not in message, body
        statuses[response.status] += 1
    connection.close()
    return f"{many:,} meddled Arrow streams: " + ", ".join(
        f"{n:,} × {status}" for status, n in sorted(statuses.items())
    )


def half_sent(port: int) -> str:
    """Clients that send half a body, a byte now and then, or read no answer; the others are answered meanwhile."""
    stop = threading.Event()
    slow: list[socket.socket] = []
    for number in range(HALF_SENT):
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        connection.sendall(HEAD + b'Content-Length: 100000\r\n\r\n{"windows": [[' + b"1," * (number % 7))
        slow.append(connection)

    def trickle() -> None:
        while not stop.wait(0.05):
            for connection in slow[:20]:
                connection.sendall(b"1,")

    thread = threading.Thread(target=trickle)
    thread.start()
    window = b"[" + b",".join([b"1"] * 60) + b"]"
    body = b'{"windows": [' + b",".join([window] * MAX_WINDOWS) + b"]}"
    for _ in range(6):
        # Its answer has tens of megabytes, which nobody reads; a second request behind it must not wait for that.
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(
            HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        slow.append(connection)
    worst = 0.0
    for _ in range(50):
        start = time.perf_counter()
        assert ask(port, b'{"windows": [[1, 2]]}')[0] == 200
        worst = max(worst, time.perf_counter() - start)
    stop.set()
    thread.join()
    for connection in slow:
        connection.close()
    return f"{HALF_SENT} half-sent bodies and 6 unread answers: 50 others answered, the slowest in {worst:.2f} s"


def limits(port: int) -> str:
    """One over each limit is a 413, and no legal batch is."""
    over = {
        "windows": pa.array([[]] * (MAX_WINDOWS + 1), pa.list_(pa.int8())),
        "codes": pa.array([[1] * (MAX_CODES // 10)] * 10 + [[1] * 100], pa.list_(pa.int8())),
        "codes a window": pa.array([[1] * (MAX_WINDOW + 1)], pa.list_(pa.int8())),
    }
    for what, column in over.items():
        status, text = ask(port, bytes(wire.encode_windows_arrow(column)), wire.ARROW)
        assert status == 413, (what, status, text[:200])
    most = pa.array([[1] * 100] * MAX_WINDOWS, pa.list_(pa.int64()))
    assert ask(port, bytes(wire.encode_windows_arrow(most)), wire.ARROW)[0] == 200
    return f"one over each limit ({', '.join(over)}): 413; {MAX_WINDOWS:,} windows of 100 codes: 200"


def many_clients(port: int, seconds: float = SECONDS) -> str:
    """All ask at once, JSON and Arrow, batches and windows alone; every answer is what a quiet server said."""
    rng = np.random.default_rng(7)
    batches = [[rng.integers(-2, 60, rng.integers(0, 30)).tolist() for _ in range(64)] for _ in range(CLIENTS)]
    names = [model["prediction_name"] for model in json.loads(_get(port))["loaded"]]
    quiet = [_scores(port, batch, names) for batch in batches]
    answers: Counter[int] = Counter()
    wrong: list[int] = []
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        while time.monotonic() < end and not wrong:
            scores = _scores(port, batches[number], names, arrow=answers[number] % 2 == 0)
            if not np.allclose(scores, quiet[number], rtol=0, atol=1e-5, equal_nan=True):
                wrong.append(number)
            answers[number] += 1

    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + PATIENCE)
        assert not thread.is_alive(), "a client hangs"
    assert not wrong, f"wrong answers to {wrong}"
    assert min(answers[number] for number in range(CLIENTS)) > 0, "a client was never answered"
    return f"{CLIENTS} clients for {seconds:.0f} s: {sum(answers.values()):,} batches of 64, every answer right"


def _get(port: int) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/")
    content = connection.getresponse().read()
    connection.close()
    return content


def _scores(port: int, batch: list[list[int]], names: list[str], arrow: bool = False) -> np.ndarray:
    if arrow:
        body = bytes(wire.encode_windows_arrow(pa.array(batch, pa.list_(pa.int64()))))
        status, text = ask(port, body, wire.ARROW)
        assert status == 200
        return wire.decode_predictions_arrow(text, tuple(names)).y_prob
    status, text = ask(port, json.dumps({"windows": batch}).encode())
    assert status == 200
    results = json.loads(text)["results"]
    assert [row["window"] for row in results] == batch
    return np.array([[model["y_prob"] for model in row["results"]] for row in results], np.float32)


def main() -> int:
    """All of it, against both HTTP servers or those named."""
    for kind in sys.argv[1:] or ["waitress", "werkzeug"]:
        with served(kind) as (port, process):
            # What it takes at its busiest it keeps: that is no growth.
            many_clients(port, 3)
            half_sent(port)
            limits(port)
            before = process.memory_info().rss
            for part in (schemathesis, arrow, half_sent, limits, many_clients):
                print(f"{kind}: {part(port)}", flush=True)
            grown = process.memory_info().rss - before
            print(
                f"{kind}: memory grew by {grown / 2**20:.0f} MiB to {process.memory_info().rss / 2**20:.0f} MiB",
                flush=True,
            )
            assert grown < GROWTH, "memory grows"
    return 0


if __name__ == "__main__":
    sys.exit(main())
