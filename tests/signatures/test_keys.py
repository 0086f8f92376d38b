import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edgesim.errors import ConfigError
from edgesim.signatures.keys import TAKEN, key_pair_named, new_key_pair, public_half, public_key_kind, signature_of


def public_pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


@pytest.mark.parametrize(("ecdsa", "kind"), [(False, "RSA 2048"), (True, "ECDSA P-256")])
def test_a_new_key_pair_is_one_that_cloudfront_takes(ecdsa, kind):
    """documented: private-content-trusted-signers"""
    assert public_key_kind(public_half(new_key_pair(ecdsa=ecdsa))) == kind
    assert kind in TAKEN


def test_other_keys_are_told_by_their_kind():
    assert public_key_kind(public_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))) == "RSA 1024"
    assert public_key_kind(public_pem(ec.generate_private_key(ec.SECP384R1()))) == "ECDSA P-384"


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        ("", "no public key in PEM form"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key in PEM form"),
        (key_pair_named("a"), "this is a private key"),
        (public_pem(ed25519.Ed25519PrivateKey.generate()), "neither RSA 2048 nor ECDSA P-256"),
    ],
    ids=["nothing", "broken", "private", "Ed25519"],
)
def test_what_is_no_public_key_is_said_to_be_none(pem, message):
    with pytest.raises(ConfigError, match=message):
        public_key_kind(pem)


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        ("x", "no private key in PEM form"),
        (public_half(key_pair_named("a")), "this is a public key"),
        (private_pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret")), "passphrase"),
        (private_pem(ed25519.Ed25519PrivateKey.generate()), "neither RSA 2048 nor ECDSA P-256"),
    ],
    ids=["broken", "public", "locked", "Ed25519"],
)
def test_what_is_no_private_key_is_said_to_be_none(pem, message):
    with pytest.raises(ConfigError, match=message):
        signature_of(pem, b"x", "SHA1")


def test_a_key_pair_of_a_name_is_always_the_same_and_so_is_what_it_signs():
    assert key_pair_named("a") == key_pair_named("a") != key_pair_named("b")
    assert signature_of(key_pair_named("a"), b"x", "SHA1") == signature_of(key_pair_named("a"), b"x", "SHA1")


def test_cryptography_is_not_loaded_where_nothing_is_signed():
    program = "import edgesim.cli, edgesim.rules.signed, sys; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
