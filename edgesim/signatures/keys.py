"""The keys of signed URLs and signed cookies: RSA with PKCS #1 v1.5, and ECDSA on P-256. Keys are PEM texts.

`cryptography` is imported where it is used: it takes a tenth of a second, and few distributions sign anything.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from edgesim.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    PublicKeyObject = RSAPublicKey | EllipticCurvePublicKey
    PrivateKeyObject = RSAPrivateKey | EllipticCurvePrivateKey

RSA_BITS = 2048


# ── public keys ──────────────────────────────────────────────────────────────


def public_key_kind(pem: str) -> str:
    """`RSA 2048` or `ECDSA P-256`, say, of a public key's PEM. Raises ConfigError for what is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = _public(pem)
    return f"RSA {key.key_size}" if isinstance(key, RSAPublicKey) else f"ECDSA {_CURVES[key.curve.name]}"


_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}

TAKEN = (f"RSA {RSA_BITS}", "ECDSA P-256")
"""The kinds that a key group takes. documented: private-content-trusted-signers"""


@lru_cache(maxsize=64)
def _public(pem: str) -> PublicKeyObject:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "PRIVATE KEY-----" in pem:
        raise ConfigError(
            "this is a private key, and CloudFront has the public one", "openssl pkey -in FILE -pubout prints it"
        )
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError("this is no public key in PEM form", "it begins with -----BEGIN PUBLIC KEY-----") from None
    if isinstance(key, RSAPublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise ConfigError(f"this public key is neither {' nor '.join(TAKEN)}")


def verifies(pem: str, message: bytes, signature: bytes, hashed: str) -> bool:
    """Is it the signature of a message by the private half of a key? `hashed` is one of values.signed.HASHES. Raises
    ConfigError where the PEM is no public key.

    documented: PKCS #1 v1.5; inferred: ECDSA signatures are DER, as OpenSSL and AWS's signers make them
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = _public(pem)
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), _hash(hashed))
        else:
            key.verify(signature, message, ECDSA(_hash(hashed)))
    except InvalidSignature:
        return False
    return True


def _hash(name: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    return SHA256() if name == "SHA256" else SHA1()  # noqa: S303  it is what CloudFront takes where nothing is said


# ── private keys ─────────────────────────────────────────────────────────────


@lru_cache(maxsize=64)
def _private(pem: str) -> PrivateKeyObject:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if "PUBLIC KEY-----" in pem:
        raise ConfigError("this is a public key, and signing needs the private one")
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        raise ConfigError(
            "this private key has a passphrase", "openssl pkey -in FILE -out OTHER takes it off"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError("this is no private key in PEM form", "openssl genrsa -out key.pem 2048 makes one") from None
    if isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        return key
    raise ConfigError(f"this private key is neither {' nor '.join(TAKEN)}")


def public_half(private_pem: str) -> str:
    """The public key of a pair, as PEM. Raises ConfigError where the text is no private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _private(private_pem).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def signature_of(private_pem: str, message: bytes, hashed: str) -> bytes:
    """The signature of a message. Raises ConfigError where the text is no private key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key, algorithm = _private(private_pem), _hash(hashed)
    if isinstance(key, RSAPrivateKey):
        return key.sign(message, PKCS1v15(), algorithm)
    try:
        return key.sign(message, ECDSA(algorithm, deterministic_signing=True))
    except UnsupportedAlgorithm:  # OpenSSL before 3.2: good too, but another one each time
        return key.sign(message, ECDSA(algorithm))


# ── new ones ─────────────────────────────────────────────────────────────────


@lru_cache(maxsize=64)
def key_pair_named(name: str) -> str:
    """A private key on P-256 that is always the same for one name, so that a story told twice is the same story. No
    secret: anybody can make it."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    # 31 bytes: below the order of the curve, whatever they are
    number = int.from_bytes(hashlib.sha256(f"edgesim {name}".encode()).digest()[:31], "big") + 1
    return _pem(derive_private_key(number, SECP256R1()))


def new_key_pair(*, ecdsa: bool = False) -> str:
    """A new private key as PEM, RSA 2048 or ECDSA P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if ecdsa:
        return _pem(ec.generate_private_key(ec.SECP256R1()))
    return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS))


def _pem(key: PrivateKeyObject) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
