"""How many messages a second does each step of scoring manage on one core, beside the standard library's parser?"""

from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from corpus_sample import holds_pdf, read_sample
from measure import cost, load, one_core, show
from scorer import load_scorer

from model.message.parse import parse_message
from model.predict import load_predictor

MESSAGES = 3_072


@pytest.mark.timeout(1_800)
def test_messages_per_second(corpora: Path):
    raws = read_sample(corpora, MESSAGES)
    without = [raw for raw in raws if not holds_pdf(raw)]
    scorer = load_scorer()
    with one_core() as core:
        scorer.everything(raws[:100])
        facts, margins = [], []
        parse = cost(lambda: facts.extend(scorer.parse(raws)))
        parse_without = cost(lambda: scorer.parse(without))
        features = cost(lambda: scorer.features(facts))
        features_and_network = cost(lambda: margins.extend(scorer.margins(facts)))
        verdicts = cost(lambda: scorer.verdicts(facts, 2.4))
        everything = cost(lambda: scorer.everything(raws))
        everything_without = cost(lambda: scorer.everything(without))
        one_by_one = cost(lambda: [scorer.predictor.predict(each, 2.4) for each in facts])
        beside = cost(lambda: [_standard(raw) for raw in raws])
    show(
        f"Scoring {len(raws):,} messages of the corpora on core {core}, one thread ({load()})",
        {
            "parse": parse.rate(len(raws)),
            f"parse, but for {len(raws) - len(without)} with a PDF": parse_without.rate(len(without)),
            "features": features.rate(len(raws)),
            "features and network": features_and_network.rate(len(raws)),
            "the same, whole verdicts": verdicts.rate(len(raws)),
            "the same with reasons, one by one": one_by_one.rate(len(raws)),
            "all: parse, features and network": everything.rate(len(raws)),
            "all, but for those with a PDF": everything_without.rate(len(without)),
            "beside: the standard library's parser, walked": beside.rate(len(raws)),
            "with defects": f"{sum(bool(each.defects) for each in facts) / len(facts):8.1%}",
        },
    )
    assert len(margins) == len(raws)


def test_every_message_of_the_torture_corpus_is_scored(corpora: Path):
    predictor = load_predictor()
    paths = sorted(path for path in (corpora / "parser_fixtures").rglob("*") if path.is_file())
    margins = [predictor.predict(parse_message(path.read_bytes()), 0.0).margin for path in paths]
    show("Torture mail", {"scored": f"{len(margins)} of {len(paths)}"})
    assert paths
    assert all(margin == margin for margin in margins)


def _standard(raw: bytes) -> int:
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    return sum(len(part.get_payload(decode=True) or b"") for part in message.walk() if not part.is_multipart())
