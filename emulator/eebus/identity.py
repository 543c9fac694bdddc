"""The certificate of a node and the SKI that others trust.

The one rule: the key follows from the seed, so that the same run has the same SKI; `cryptography` is imported when a
certificate is really needed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from ..devices.interfaces.ship import Credentials

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""
VALID: Final = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2125, 1, 1, tzinfo=UTC))


def private_number(word: Callable[[str], int]) -> int:
    """A private key from 32-bit random numbers by purpose."""
    number = 0
    for index in range(8):
        number = number << 32 | word(f"eebus key {index}")
    return number % (ORDER - 1) + 1


@lru_cache(maxsize=64)
def credentials(number: int, common_name: str, organisation: str, country: str = "DE") -> Credentials:
    """The self-signed certificate of a private key, as SHIP asks for: P-256, ECDSA with SHA-256, SKI by SHA-1."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.derive_private_key(number, ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number >> 128 | 1)
        .not_valid_before(VALID[0])
        .not_valid_after(VALID[1])
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Credentials(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        ski=identifier.digest.hex(),
    )


def ski_of(certificate: bytes) -> str:
    """The SKI of a peer's certificate (DER), from its public key: what the certificate says of itself is not asked."""
    from cryptography import x509

    key = x509.load_der_x509_certificate(certificate).public_key()
    return x509.SubjectKeyIdentifier.from_public_key(key).digest.hex()
