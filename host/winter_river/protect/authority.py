"""Certificates: makes an authority, signs with it, writes its list of revoked ones. The only importer of `cryptography`.

Elliptic keys on P-256: an ESP32 shakes hands with one in about a second, and every TLS in use reads them. Times are
seconds since 1970 and passed in; keys and serial numbers are random.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from winter_river.protect.errors import ProtectError

AUTHORITY_DAYS = 3650  # chosen: the boards that trust it need their files anew when it ends
# A list of revoked certificates past its date would shut out everybody, so it lasts as long as its authority: the
# broker is given a new one at each revocation, not by date.
CRL_DAYS = AUTHORITY_DAYS
BACKDATED_S = 3600  # chosen: a machine whose clock is slow by less still takes a certificate made just now
_PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both as PEM."""

    cert: bytes
    key: bytes = field(repr=False)

    @property
    def pem(self) -> bytes:
        """Both in one file's bytes."""
        return self.cert + self.key


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says of itself; times in s since 1970. hosts: the names it is for."""

    name: str
    serial: int
    not_before_s: int
    not_after_s: int
    hosts: tuple[str, ...]


def new_authority(name: str, *, now_s: int) -> Pair:
    """An authority that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    public = key.public_key()
    builder = (
        _dated(subject, now_s=now_s, days=AUTHORITY_DAYS)
        .issuer_name(subject)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, name: str, *, purpose: str, hosts: Sequence[str] = (), days: int, now_s: int) -> Pair:
    """A certificate of the authority for that name, with a key of its own.

    purpose: `server` or `client`. hosts: names and addresses that a server is called by.
    """
    signer, signer_key = _load(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    builder = (
        _dated(_name(name), now_s=now_s, days=days)
        .issuer_name(signer.subject)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_PURPOSES[purpose]]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
    )
    if hosts:
        names = [each for host in hosts for each in _general_names(host)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _pair(builder.sign(signer_key, hashes.SHA256()), key)


def split(pem: bytes) -> Pair:
    """The certificate and the key in a file's bytes. Raises ProtectError where one is missing."""
    cert, key = (_block(pem, word) for word in (b"CERTIFICATE", b"PRIVATE KEY"))
    if not cert or not key:
        raise ProtectError("no certificate with its key", "issue it anew: winter-river provision rotate NAME")
    return Pair(cert, key)


def revocations(authority: Pair, revoked: Sequence[tuple[int, int]], *, number: int, now_s: int) -> bytes:
    """The authority's list of revoked certificates, as PEM. revoked: (serial, s since 1970). number: rises with each."""
    signer, key = _load(authority)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.subject)
        .last_update(_time(now_s - BACKDATED_S))
        .next_update(_time(now_s) + timedelta(days=CRL_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for serial, at_s in sorted(revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_time(at_s)).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def facts(cert: bytes) -> Facts:
    """What a certificate (PEM) says of itself. Raises ProtectError for what is none."""
    try:
        found = x509.load_pem_x509_certificate(cert)
        named = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        hosts = _hosts(found)
    except ValueError as error:
        raise ProtectError(f"not a certificate: {error}", "issue it anew: winter-river provision rotate NAME") from None
    return Facts(
        name=str(named[0].value) if named else "",
        serial=found.serial_number,
        not_before_s=int(found.not_valid_before_utc.timestamp()),
        not_after_s=int(found.not_valid_after_utc.timestamp()),
        hosts=hosts,
    )


def der(pair: Pair) -> tuple[bytes, bytes]:
    """(certificate, key) as a board reads them: DER, the key as PKCS #8."""
    key = serialization.load_pem_private_key(pair.key, None)
    return cert_der(pair.cert), key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def cert_der(cert: bytes) -> bytes:
    """A certificate (PEM) as DER."""
    return x509.load_pem_x509_certificate(cert).public_bytes(serialization.Encoding.DER)


def _load(authority: Pair) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
    try:
        cert = x509.load_pem_x509_certificate(authority.cert)
        key = serialization.load_pem_private_key(authority.key, None)
    except (ValueError, TypeError) as error:
        raise ProtectError(f"the authority cannot be read: {error}", "restore its files from a backup") from None
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # we make no other
    return cert, key


def _block(pem: bytes, word: bytes) -> bytes:
    begin, end = pem.find(b"-----BEGIN " + word), pem.find(b"-----END " + word)
    return b"" if begin < 0 or end < 0 else pem[begin : end + len(b"-----END " + word + b"-----")] + b"\n"


def _pair(cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    pem = serialization.Encoding.PEM
    return Pair(
        cert.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _dated(subject: x509.Name, *, now_s: int, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_time(now_s - BACKDATED_S))
        .not_valid_after(_time(now_s) + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(host: str) -> list[x509.GeneralName]:
    """An address stands there as a name, too: mbedTLS before 3.5 compares what it called with names only."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return [x509.DNSName(host)]
    named: list[x509.GeneralName] = [x509.IPAddress(address)]
    return named + ([x509.DNSName(host)] if address.version == 4 else [])


def _hosts(cert: x509.Certificate) -> tuple[str, ...]:
    try:
        found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    return tuple(dict.fromkeys(names))


def _time(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
