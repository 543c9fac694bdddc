"""Keys and certificates of the store: whether they fit.

The one rule: pure functions of PEM texts.
"""

from __future__ import annotations


def belong_together(certificate: str, key: str) -> bool:
    """Whether a private key is that of a certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        shown = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        own = load_pem_private_key(key.encode(), None).public_key()
    except ValueError:
        return False
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return shown.public_bytes(*form) == own.public_bytes(*form)
