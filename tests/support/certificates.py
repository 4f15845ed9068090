"""Certificates for servers of tests, good and bad ones, made by the `openssl` command."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

_CONFIGURATION = """
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
default_md = sha256
unique_subject = no
rand_serial = yes
copy_extensions = copy
policy = names
x509_extensions = leaf
[names]
commonName = supplied
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """A certificate authority in a folder of its own. Raises FileNotFoundError where there is no `openssl`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "ca.pem"
        """What a client must trust."""
        (folder / "index.txt").touch()
        (folder / "openssl.cnf").write_text(_CONFIGURATION)
        _openssl(
            folder, "req", "-x509", *_KEY, "-subj", "/CN=Authority", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem",
        )  # fmt: skip

    def issue(self, name: str, since: str = "", until: str = "") -> ssl.SSLContext:
        """A server's context for a subject name such as `IP:127.0.0.1`; times as `YYYYMMDDHHMMSSZ`."""
        file = f"{name}{until}".replace(":", "-")
        _openssl(
            self._folder, "req", "-new", *_KEY, "-subj", "/CN=server", "-addext", f"subjectAltName={name}",
            "-keyout", f"{file}.key", "-out", f"{file}.csr",
        )  # fmt: skip
        times = ("-startdate", since, "-enddate", until) if until else ("-days", "2")
        _openssl(
            self._folder, "ca", "-batch", "-config", "openssl.cnf", *times, "-notext",
            "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{file}.csr", "-out", f"{file}.pem",
        )  # fmt: skip
        return _context(self._folder / f"{file}.pem", self._folder / f"{file}.key")

    def self_signed(self, name: str) -> ssl.SSLContext:
        """A server's context that no authority vouches for."""
        _openssl(
            self._folder, "req", "-x509", *_KEY, "-subj", "/CN=server", "-addext", f"subjectAltName={name}",
            "-days", "2", "-keyout", "self.key", "-out", "self.pem",
        )  # fmt: skip
        return _context(self._folder / "self.pem", self._folder / "self.key")


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
