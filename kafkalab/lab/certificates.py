"""Certificates for the encrypted listeners, made when they are first needed.

DIR/ca.pem          what a client must trust: a certificate authority of this data directory alone
DIR/ca-key.pem      its key
DIR/server.pem      what the brokers show, and its key; made anew when it runs out or the host has another name

The brokers of all labs show the same one: they are one process behind one address.
"""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS_OF_AUTHORITY = 10
DAYS_OF_SERVER = 397
"""No longer: some clients refuse more."""
RENEWED_BEFORE = timedelta(days=30)
ALWAYS = ("localhost", "127.0.0.1", "::1")

Key = ec.EllipticCurvePrivateKey


class Certificates:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = directory / "ca.pem"
        self._authority_key = directory / "ca-key.pem"
        self._server = directory / "server.pem"

    def context(self, host: str) -> ssl.SSLContext:
        """For listeners that are reached under that name or address, and under this machine's own."""
        self.directory.mkdir(parents=True, exist_ok=True)
        names = tuple(dict.fromkeys((host, *ALWAYS)))
        if not self.authority.exists():
            self._make_authority()
        if not self._is_good(names):
            self._make_server(names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._server)
        return context

    def _is_good(self, names: tuple[str, ...]) -> bool:
        if not self._server.exists():
            return False
        shown = x509.load_pem_x509_certificate(self._server.read_bytes())
        told = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        issuer = x509.load_pem_x509_certificate(self.authority.read_bytes())
        return (
            list(told) == [_name(each) for each in names]
            and shown.issuer == issuer.subject
            and shown.not_valid_after_utc - datetime.now(UTC) > RENEWED_BEFORE
        )

    def _make_authority(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        subject = _subject(f"Kafka Lab {serial:x}"[:40])
        made = (
            _begun(subject, subject, key, serial, timedelta(days=365 * YEARS_OF_AUTHORITY))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write_secret(self._authority_key, _pem(key))
        self.authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _make_server(self, names: tuple[str, ...]) -> None:
        authority = x509.load_pem_x509_certificate(self.authority.read_bytes())
        signer = serialization.load_pem_private_key(self._authority_key.read_bytes(), None)
        assert isinstance(signer, Key)
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _begun(
                _subject(names[0]), authority.subject, key, x509.random_serial_number(), timedelta(days=DAYS_OF_SERVER)
            )
            .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        _write_secret(self._server, made.public_bytes(serialization.Encoding.PEM) + _pem(key))


def _begun(subject: x509.Name, issuer: x509.Name, key: Key, serial: int, lasts: timedelta) -> x509.CertificateBuilder:
    # A clock that is a little behind must not find it from the future.
    begins = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_secret(path: Path, content: bytes) -> None:
    """Readable by its owner alone from the first moment on, and whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(new, path)
