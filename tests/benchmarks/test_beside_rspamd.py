"""How many messages a second does Unhook score, beside rspamd and SpamAssassin on the same core in the same minutes?"""

from pathlib import Path
from statistics import median

import pytest
from corpus_sample import read_sample
from measure import Cost, cost, load, memory_peak, one_core, show
from rspamd_peer import rspamd
from scorer import load_scorer
from spamassassin_peer import spamassassin

MESSAGES, ROUNDS = 3_072, 6
FOR_SPAMASSASSIN = 240  # it needs as long for these as the others for all
GOAL, TWICE = 600, 2


@pytest.mark.timeout(1_800)
def test_messages_per_second_beside_rspamd_and_spamassassin(corpora: Path):
    raws = read_sample(corpora, MESSAGES)
    few = raws[:: len(raws) // FOR_SPAMASSASSIN][:FOR_SPAMASSASSIN]
    scorer = load_scorer()
    with one_core() as core:
        ours, theirs, answers = [], [], []
        with rspamd() as peer:
            peer.score_all(raws[:100])
            scorer.everything(raws[:100])
            for first in range(ROUNDS):
                batch = raws[first::ROUNDS]  # turn by turn, so that a busy neighbour disturbs both
                ours.append(cost(lambda batch=batch: answers.extend(scorer.everything(batch))))
                theirs.append(cost(lambda batch=batch: answers.extend(peer.score_all(batch)), peer.worker))
            rspamd_memory = memory_peak(peer.worker)
        with spamassassin() as slow:
            slow.score_all(few[:3])
            slowest = cost(lambda: answers.extend(slow.score_all(few)), slow.pid)
        beside_slowest = cost(lambda: scorer.everything(few))

    us, them = sum(ours, Cost()), sum(theirs, Cost())
    ratios = [other.cpu / own.cpu for own, other in zip(ours, theirs, strict=True)]
    show(
        f"Scoring {len(raws):,} messages of the corpora on core {core}, one thread, no network ({load()})",
        {
            "Unhook, parse, features and network": us.rate(len(raws)),
            "rspamd": them.rate(len(raws)),
            "Unhook / rspamd": f"{them.cpu / us.cpu:.2f} times "
            f"(rounds {min(ratios):.2f} to {max(ratios):.2f}, median {median(ratios):.2f}); the goal is {TWICE}",
            "Unhook / goal": f"{len(raws) / us.cpu / GOAL:.2f} times {GOAL} messages/s",
            f"SpamAssassin, {len(few)} of them": slowest.rate(len(few)),
            "Unhook / SpamAssassin": f"{slowest.cpu / beside_slowest.cpu:,.0f} times, on the same {len(few)}",
            "rspamd's scanning process, peak memory": f"{rspamd_memory / 1e6:,.0f} MB",
        },
    )
    assert len(answers) == 2 * len(raws) + len(few)
    assert all(answer == answer for answer in answers)
