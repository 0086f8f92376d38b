"""`sign:` on a step, and the keys of a scenario."""

import json
from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text
from edgesim.scenario.model import Moment, Send, Sign
from edgesim.scenario.playing.signing import signed_step
from edgesim.signatures.keys import key_pair_named, public_half
from edgesim.signatures.signing import Signer
from edgesim.values.instant import Instant
from edgesim.values.signed import decoded

KEY = Path(__file__).parents[1] / "signatures" / "rsa.pem"
SIGNER = Signer("one", key_pair_named("one"))
NOW = Instant(1_000.5)


def told(text, tmp_path):
    (tmp_path / "key.pem").write_text(KEY.read_text())
    (tmp_path / "public.pem").write_text(public_half(KEY.read_text()))
    found = load_text(f"title: t\n{text}", tmp_path / "a.scenario.yaml")
    return [(problem.message, problem.hint) for problem in found.problems], found.scenarios


STEP = "steps: [{get: /, sign: 1h}]\n"
ONE = "distribution: {signers: [one]}\n"
TWO = "distribution: {signers: [one, two]}\n"


def test_the_one_key_that_there_is_signs(tmp_path):
    problems, [scenario] = told(ONE + STEP, tmp_path)
    assert problems == []
    assert scenario.steps[0].sign == Sign(SIGNER, Moment(after=3_600), made=True)
    [distribution] = scenario.setting.distributions
    assert dict(distribution.behaviors[0].signers.keys) == {"one": public_half(SIGNER.private_key)}


def test_a_scenario_may_have_private_keys_of_its_own(tmp_path):
    problems, [scenario] = told(f"keys: {{one: key.pem}}\n{ONE}{STEP}", tmp_path)
    assert problems == []
    assert scenario.steps[0].sign.signer.private_key == KEY.read_text()
    assert not scenario.steps[0].sign.made
    [distribution] = scenario.setting.distributions
    assert dict(distribution.behaviors[0].signers.keys) == {"one": public_half(KEY.read_text())}


def test_a_key_that_no_behavior_trusts_is_declared_and_leaves_the_other_one_the_one(tmp_path):
    steps = "steps: [{get: /, sign: {key: stranger}}, {get: /, sign: 1h}]\n"
    problems, [scenario] = told(f"keys: {{stranger: made}}\n{ONE}{steps}", tmp_path)
    assert problems == []
    assert [step.sign.signer.key_pair_id for step in scenario.steps] == ["stranger", "one"]
    assert [step.sign.made for step in scenario.steps] == [False, True]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (STEP, "nobody can sign: no behavior wants signed requests", "TrustedKeyGroups"),
        (TWO + STEP, "whose signature it is must be said", "there are one, two"),
        (ONE + "steps: [{get: /, sign: {key: onee}}]\n", "there is no key 'onee'", "did you mean one?"),
        (ONE + "steps: [{get: /, sign: {key: x}}]\n", "there is no key 'x'", "there is one; for one that no behavior"),
        ("steps: [{get: /, sign: {key: x}}]\n", "there is no key 'x'", "signers: [x]"),
        (ONE + "steps: [{get: /, sign: soon}]\n", "'soon' is no point in time", "write 1h, -1s"),
        (ONE + "steps: [{get: /, sign: {expires: soon}}]\n", "'soon' is no point in time", "write 1h"),
        (ONE + "steps: [{get: /, sign: {until: 1h}}]\n", "sign has no key 'until'", ""),
        (ONE + "steps: [{get: /, sign: {ip: '::1'}}]\n", "'::1' is no IPv4 range", "192.0.2.0/24"),
        (ONE + "steps: [{get: /, sign: {hash: md5}}]\n", "hash can't be 'md5'", ""),
        (f"keys: {{one: nowhere.pem}}\n{ONE}{STEP}", "there is no nowhere.pem", ""),
        (f"keys: {{one: public.pem}}\n{ONE}{STEP}", "public.pem: this is a public key", "write made"),
        ("distribution: {countries: {allow: [DE], block: [FR]}}\nsteps: [{get: /}]\n", "allowed or blocked", "allow"),
        ("distribution: {countries: {allow: [UK]}}\nsteps: [{get: /}]\n", "'UK' is no country code", "GB"),
        ("distribution: {countries: {whitelist: [DE]}}\nsteps: [{get: /}]\n", "no key 'whitelist'", "write allow"),
    ],
)
def test_mistakes(text, message, hint, tmp_path):
    [(found, way_out), *_], scenarios = told(text, tmp_path)
    assert message in found
    assert hint in way_out
    assert scenarios == ()


def test_nobody_can_sign_with_a_templates_key_whose_private_half_is_elsewhere(tmp_path):
    encoded = json.dumps(public_half(KEY.read_text()))
    template = (
        (
            "distribution:\n"
            "  Resources:\n"
            "    K:\n"
            "      Type: AWS::CloudFront::PublicKey\n"
            f"      Properties: {{PublicKeyConfig: {{Name: k, CallerReference: c, EncodedKey: {encoded}}}}}\n"
            "    G: {Type: 'AWS::CloudFront::KeyGroup', Properties: {KeyGroupConfig: {Name: g, Items: [!Ref K]}}}\n"
            "    Web:\n"
            "      Type: AWS::CloudFront::Distribution\n"
            "      Properties:\n"
            "        DistributionConfig:\n"
            "          Enabled: true\n"
            "          Origins: [{Id: o, DomainName: a.b, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]\n"
            "          DefaultCacheBehavior:\n"
            "            TargetOriginId: o\n"
            "            ViewerProtocolPolicy: allow-all\n"
            "            CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6\n"
            "            TrustedKeyGroups: [!Ref G]\n"
        )
        .replace("'-----", '"-----')
        .replace("\\n'", '\\n"')
    )
    [(message, hint)], _ = told(template + STEP, tmp_path)
    assert message == "the private half of K is not known"
    assert "keys: {K: FILE.pem}" in hint
    for keys in ("keys: {K: key.pem}\n", "keys: {K: made}\n"):
        problems, scenarios = told(keys + template + STEP, tmp_path)
        assert (problems, len(scenarios)) == ([], 1)


# ── when it is sent ──────────────────────────────────────────────────────────


def query(sign, target="/a", **step):
    sent = signed_step(Send("GET", target, sign=sign, **step), "https", "www.example.com", NOW)
    return sent, dict(pair.split("=", 1) for pair in sent.target.partition("?")[2].split("&") if "=" in pair)


def test_a_step_is_signed_by_the_clock_of_that_moment():
    sent, parameters = query(Sign(SIGNER, Moment(after=60)))
    assert sent.target.startswith("/a?Expires=1060&Signature=")
    assert parameters["Key-Pair-Id"] == "one"
    assert query(Sign(SIGNER, Moment(at=Instant(5_000))))[1]["Expires"] == "5000"
    assert query(Sign(SIGNER, Moment(after=-1)))[1]["Expires"] == "999"


def test_a_resource_that_begins_with_a_slash_is_for_the_requests_own_host():
    policy = decoded(query(Sign(SIGNER, resource="/b/*"))[1]["Policy"])
    assert b'"Resource":"https://www.example.com/b/*"' in policy
    policy = decoded(query(Sign(SIGNER, resource="/*"), headers=(("host", "other"),))[1]["Policy"])
    assert b'"Resource":"https://other/*"' in policy


def test_another_target_may_be_signed_and_cookies_may_carry_it():
    sent, parameters = query(Sign(SIGNER, target="/b"), "/a?x=1")
    assert sent.target.startswith("/a?x=1&Expires=")
    assert parameters["Signature"] == query(Sign(SIGNER), "/b")[1]["Signature"]
    sent, _ = query(Sign(SIGNER, cookies=True), cookies=(("sid", "1"),))
    assert sent.target == "/a"
    assert [name for name, _ in sent.cookies] == [
        "sid", "CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id"
    ]  # fmt: skip


def test_a_step_that_is_not_signed_stays_itself():
    step = Send("GET", "/a")
    assert signed_step(step, "https", "www.example.com", NOW) is step
