"""Make a certificate authority and certificates of it, as docs/scale.md shows with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificates(folder: Path) -> dict[str, Path]:
    """Return the files: ``ca``, ``cert`` and ``key`` of one authority, which all sides use."""
    folder.mkdir()
    files = {"ca": folder / "ca.pem", "cert": folder / "cluster.pem", "key": folder / "cluster-key.pem"}
    authority_key, request = folder / "ca-key.pem", folder / "request.pem"
    for command in (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout {authority_key} -out {files['ca']}",
        f"req -newkey rsa:2048 -nodes -subj /CN=cluster -keyout {files['key']} -out {request}",
        f"x509 -req -days 2 -CAcreateserial -in {request} -CA {files['ca']} -CAkey {authority_key} -out {files['cert']}",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return files


def dask_options(files: dict[str, Path]) -> tuple[str, ...]:
    """Return the options of ``dask scheduler`` and ``dask worker``."""
    return ("--tls-ca-file", str(files["ca"]), "--tls-cert", str(files["cert"]), "--tls-key", str(files["key"]))


def dask_variables(files: dict[str, Path]) -> dict[str, str]:
    """Return the variables that a run reads them from."""
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    return {
        f"{prefix}CA_FILE": str(files["ca"]),
        f"{prefix}CLIENT__CERT": str(files["cert"]),
        f"{prefix}CLIENT__KEY": str(files["key"]),
    }
