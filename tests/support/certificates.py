"""Certificates for servers of tests, made by the `openssl` command: good ones, and bad ones of each kind."""

from __future__ import annotations

import subprocess
from functools import cached_property
from pathlib import Path

import pytest

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
_CA = """
[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


class Certificates:
    """An authority of its own in `folder`; each property is a PEM file with a key and its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def self_signed(self) -> Path:
        """Signed by nobody else, and of another name."""
        return self._self_signed("self", "other.example")

    @cached_property
    def authority(self) -> Path:
        """Signs those below; a client has to be told to trust it."""
        return self._self_signed("ca", "Test authority", "basicConstraints=critical,CA:TRUE")

    @cached_property
    def good(self) -> Path:
        """Of 127.0.0.1."""
        return self._signed("good", "IP:127.0.0.1", "-days", "2")

    @cached_property
    def wrong_name(self) -> Path:
        """Of another host."""
        return self._signed("wrong", "DNS:other.example", "-days", "2")

    @cached_property
    def expired(self) -> Path:
        """Of 127.0.0.1, but of the past."""
        return self._signed(
            "old", "IP:127.0.0.1", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"
        )

    def _self_signed(self, name: str, common_name: str, *extensions: str) -> Path:
        key, pem = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        more = [part for extension in extensions for part in ("-addext", extension)]
        self._run(
            "req",
            "-x509",
            *_NEW_KEY,
            "-subj",
            f"/CN={common_name}",
            *more,
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            pem,
        )
        pem.write_text(pem.read_text() + key.read_text())
        return pem

    def _signed(self, name: str, alternative: str, *validity: str) -> Path:
        folder = self._folder
        key, request, pem = (folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        config = folder / "ca.cnf"
        config.write_text(_CA.format(folder=folder))
        (folder / "index.txt").touch()
        self._run(
            "req", *_NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
            "-keyout", key, "-out", request,
        )  # fmt: skip
        self._run(
            "ca", "-batch", "-notext", "-config", config, "-cert", self.authority, "-keyfile", folder / "ca.key",
            "-in", request, "-out", pem, *validity,
        )  # fmt: skip
        pem.write_text(pem.read_text() + key.read_text())
        return pem

    @staticmethod
    def _run(*command: str | Path) -> None:
        try:
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("no openssl command to make a certificate with")
