"""How many messages a second are parsed, read and scored on one core, beside the standard library's parser?"""

import json
import random
from email import policy
from email.parser import BytesParser
from pathlib import Path

from measure import seconds, show

from model.message.parse import parse_message
from model.predict import load_predictor

MESSAGES = 3_000


def test_messages_per_second(corpora: Path):
    import torch

    torch.set_num_threads(1)
    raws = _sample(corpora)
    predictor = load_predictor()
    predictor.predict(parse_message(raws[0]), 0.0)

    facts: list[object] = []
    parse = seconds(lambda: facts.extend(map(parse_message, raws)))
    think = seconds(lambda: [predictor.predict(each, 2.4) for each in facts])
    beside = seconds(lambda: [_standard(raw) for raw in raws])
    show(
        f"Scoring {len(raws):,} messages of the corpora, one thread",
        {
            "parse": f"{len(raws) / parse:,.0f} messages/s",
            "features, network, explanation": f"{len(raws) / think:,.0f} messages/s",
            "all of it": f"{len(raws) / (parse + think):,.0f} messages/s",
            "beside: the standard library's parser, walked": f"{len(raws) / beside:,.0f} messages/s",
            "all of it / standard parser": f"{(parse + think) / beside:.2f} times its time",
            "with defects": f"{sum(bool(each.defects) for each in facts) / len(facts):.1%}",
        },
    )


def test_every_message_of_the_torture_corpus_is_scored(corpora: Path):
    predictor = load_predictor()
    paths = sorted(path for path in (corpora / "parser_fixtures").rglob("*") if path.is_file())
    margins = [predictor.predict(parse_message(path.read_bytes()), 0.0).margin for path in paths]
    show("Torture mail", {"scored": f"{len(margins)} of {len(paths)}"})
    assert paths
    assert all(margin == margin for margin in margins)


def _sample(corpora: Path) -> list[bytes]:
    with (corpora / "labels.jsonl").open() as lines:
        paths = [json.loads(line)["path"] for line in lines]
    chosen = random.Random(5).sample(sorted(paths), MESSAGES)
    return [(corpora / path).read_bytes() for path in chosen]


def _standard(raw: bytes) -> int:
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    return sum(len(part.get_payload(decode=True) or b"") for part in message.walk() if not part.is_multipart())
