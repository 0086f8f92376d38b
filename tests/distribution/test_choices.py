"""Open questions: each is told, each can be answered otherwise, by words."""

from __future__ import annotations

from dataclasses import fields

import pytest

from edgesim.distribution.choices import QUESTIONS, STANDARD, Choices, HeaderKey, StatusAtViewerResponse, Tls13, chosen
from edgesim.errors import ConfigError


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_says_what_it_asks_what_is_known_and_what_each_answer_means(question):
    assert question.asks.endswith("?")
    assert question.why.endswith(".")
    assert any(word in question.why for word in ("documented", "observed", "inferred", "No page"))
    assert len(question.alternatives) >= 2
    assert all(alternative.meaning for alternative in question.alternatives)


@pytest.mark.parametrize("field", fields(Choices), ids=lambda field: field.name)
def test_the_default_is_the_first_alternative(field):
    question = QUESTIONS[field.name.replace("_", "-")]
    assert field.default is question.alternatives[0]
    assert getattr(STANDARD, field.name) is field.default


@pytest.mark.parametrize(
    ("name", "word"), [(question.name, word) for question in QUESTIONS.values() for word in question.alternatives]
)
def test_every_answer_can_be_given_by_its_word(name, word):
    assert getattr(chosen({name: word.value}), name.replace("-", "_")) is word


def test_words_are_taken_without_regard_to_case_and_underscores():
    told = chosen({"Header_Key": "MAP_NAME", "tls-1-3": "Refused"})
    assert (told.header_key, told.tls_1_3) == (HeaderKey.MAP_NAME, Tls13.REFUSED)
    assert told.status_at_viewer_response is StatusAtViewerResponse.REFUSED


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        ({"header-keys": "key"}, "there is no choice 'header-keys'", "did you mean header-key?"),
        (
            {"header-key": "refuse"},
            "header-key can't be 'refuse': it is map-name, key or refused",
            "did you mean refused?",
        ),
        ({"base64-size": "raw"}, "base64-size can't be 'raw': it is encoded or decoded", ""),
    ],
)
def test_a_word_that_there_is_not_is_one_sentence_with_a_guess(texts, message, hint):
    with pytest.raises(ConfigError) as caught:
        chosen(texts)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_name_that_is_near_nothing_gets_them_all():
    with pytest.raises(ConfigError) as caught:
        chosen({"colour": "red"})
    assert caught.value.hint == "edgesim choices lists them"
