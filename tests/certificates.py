"""Certificates for servers on loopback: self-signed, or signed by an authority of the tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

type _Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def self_signed(folder: Path, host: str) -> Path:
    """An untrusted certificate with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _written(folder / "self-signed.pem", _certificate(host, key, None), key)


class Authority:
    """Signs certificates. A client that trusts the file `trusted` trusts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        key = ec.generate_private_key(ec.SECP256R1())
        self._signer = _certificate("authority.test", key, None, authority=True), key
        self.trusted = folder / "authority.pem"
        self.trusted.write_bytes(self._signer[0].public_bytes(Encoding.PEM))

    def certificate(self, host: str) -> Path:
        """A certificate for a host name with its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _written(self._folder / f"{host}.pem", _certificate(host, key, self._signer), key)


def _certificate(
    host: str, key: ec.EllipticCurvePrivateKey, signer: _Signer | None, authority: bool = False
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    issuer, signing = (name, key) if signer is None else (signer[0].subject, signer[1])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .add_extension(_usage(authority), critical=True)
        .sign(signing, hashes.SHA256())
    )


def _usage(authority: bool) -> x509.KeyUsage:
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    unused = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=authority, **unused)


def _written(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path
