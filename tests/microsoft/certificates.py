"""Certificates: a throw-away authority, what it signs, and keys that are made once per process."""

from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A private key; the same for the same name as long as the process lives."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> str:
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def certificate(name: str, days: int = 30, since: int = 40) -> x509.Certificate:
    """A certificate of `name`'s key, signed by itself, good since so many days and for so many."""
    return _signed(name, name, days, is_authority=False, since=since)


def credential_pem(name: str, days: int = 30) -> str:
    """Private key and certificate in one text, as the setting wants them."""
    return private_pem(name) + certificate(name, days).public_bytes(Encoding.PEM).decode()


def write_server_files(folder: Path) -> tuple[Path, Path]:
    """(the authority's certificate, the server's key and certificate) as files."""
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(_signed("authority", "authority", 30, is_authority=True).public_bytes(Encoding.PEM))
    server = _signed("server", "authority", 30, is_authority=False)
    server_file.write_text(private_pem("server") + server.public_bytes(Encoding.PEM).decode())
    return ca_file, server_file


def _signed(subject: str, issuer: str, days: int, *, is_authority: bool, since: int = 40) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key(subject).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key(subject).public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key(issuer).public_key()), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
    )
    if is_authority:
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )  # fmt: skip
    return builder.sign(key(issuer), hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"unhook tests {common}")])
