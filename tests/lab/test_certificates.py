"""Certificates that a client can check: made once, renewed in time, for the names under which the lab is reached."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from kafkalab.lab import Certificates


def shown(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / "server.pem").read_bytes())


def names_in(certificate: x509.Certificate) -> list[str]:
    told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in told]


def test_they_are_made_once_and_kept_from_others_eyes(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.context("127.0.0.1")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    Certificates(tmp_path).context("127.0.0.1")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.name != "ca.pem"}
    assert modes == {"ca-key.pem": 0o600, "server.pem": 0o600}


def test_the_authority_vouches_for_what_the_brokers_show(tmp_path: Path) -> None:
    Certificates(tmp_path).context("192.0.2.7")
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    shown(tmp_path).verify_directly_issued_by(authority)
    assert names_in(shown(tmp_path)) == ["192.0.2.7", "localhost", "127.0.0.1", "::1"]
    assert shown(tmp_path).not_valid_after_utc - datetime.now(UTC) < timedelta(days=398)


def test_another_host_gets_another_one_of_the_same_authority(tmp_path: Path) -> None:
    Certificates(tmp_path).context("127.0.0.1")
    authority = (tmp_path / "ca.pem").read_bytes()
    Certificates(tmp_path).context("lab.example")
    assert names_in(shown(tmp_path))[0] == "lab.example"
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_old_protocols_are_not_spoken(tmp_path: Path) -> None:
    assert Certificates(tmp_path).context("127.0.0.1").minimum_version is ssl.TLSVersion.TLSv1_2


def test_one_that_runs_out_soon_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kafkalab.lab.certificates.DAYS_OF_SERVER", 20)
    Certificates(tmp_path).context("127.0.0.1")
    soon = shown(tmp_path)
    monkeypatch.undo()
    Certificates(tmp_path).context("127.0.0.1")
    assert shown(tmp_path).serial_number != soon.serial_number
