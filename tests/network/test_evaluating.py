"""Evaluating: does the command measure a labelled folder, and say so without naming a mail?"""

import json
import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest
import training
from click.testing import CliRunner

from backend.cli import main
from model.checkpoint import load_seen
from model.dataset import was_seen
from model.train import train

PLOTS = 11  # every drawing but the learning curve, which this checkpoint has not


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A labelled folder; in three languages, two corpora and three years."""
    root = tmp_path_factory.mktemp("labelled")
    labels = training.write_folder(root)
    lines = [json.loads(line) for line in labels.read_text().splitlines()]
    for number, line in enumerate(lines):
        line |= {
            "corpus": ("first", "$second$ <b>")[number % 8 > 3],
            "lang": ("en", "de", "日本")[number % 3],
            "date": f"202{number % 3}-05-01",
        }
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    train(folder, folder / "labels.jsonl", out, seed=3, name="tiny", config=training.TINY, quiet=True)
    return out


@pytest.fixture(scope="module")
def ran(folder, trained, tmp_path_factory):
    """What the command printed, and the JSON and the page it wrote, for everything in the folder."""
    out = tmp_path_factory.mktemp("out")
    result = evaluate(folder, trained, out, "--part", "all", "--html", out / "report.html")
    return result, json.loads((out / "figures.json").read_text()), (out / "report.html").read_text()


def evaluate(folder, trained, out, *more, target="0.05"):
    words = ["evaluate", "--labels", folder / "labels.jsonl", "--root", folder, "--checkpoint", trained]
    words += ["--json", out / "figures.json", "--target", target, *more]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert not result.exception, result.output
    return result


def test_the_figures_are_of_every_message_and_of_one_a_cluster(ran):
    _, figures, _ = ran
    assert figures["mail"]["measured"] == 480
    assert figures["messages"]["counts"] == {"malicious": 120, "spam": 120, "bulk": 120, "none": 120}
    assert 90 < figures["clusters"]["counts"]["malicious"] <= 120
    assert figures["clusters"]["malicious_against_legitimate"]["auc"]["value"] > 0.9


def test_every_figure_of_the_issue_is_there(ran):
    _, figures, _ = ran
    main_figures = figures["clusters"]["malicious_against_legitimate"]
    assert [row["false_positives"] for row in main_figures["recall_at"]] == [0.01, 0.005, 0.001]
    assert set(figures["clusters"]["at_threshold"]) == {"nobody", "newcomer", "perfect"}
    per = figures["clusters"]["per"]
    assert set(per) == {"corpus", "language", "year", "label"}
    assert set(per["language"]) == {"en", "de", "日本"}
    assert set(per["year"]) == {"2020", "2021", "2022"}
    assert set(per["label"]) == {"malicious", "spam", "bulk", "none"}
    assert figures["clusters"]["calibration_error"]["even_odds"]["ece"]["over_sources"]
    assert figures["clusters"]["disposition"]["right"]["value"] > 0.5
    assert len(figures["clusters"]["reporters"]["records"]) == 5
    assert figures["calibration_curve"]
    assert {row["shuffled"] for row in figures["reporter_gain"]} == {True, False}


def test_the_summary_says_what_matters_most(ran):
    said = ran[0].stdout
    for part in ("AUC", "recall at 0.1 %", "at the threshold, newcomer: legitimate", "phish against spam"):
        assert part in said


def test_the_page_is_one_file_that_loads_and_runs_nothing(ran):
    page = ran[2]
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert not re.search(r"url\((?!#)|@import|https?://", page)


def test_every_plot_is_there_with_ids_of_its_own(ran):
    class Seen(HTMLParser):
        def __init__(self):
            super().__init__()
            self.plots, self.ids, self.links = [], [], set()

        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            if tag == "svg":
                self.plots.append(given["aria-label"])
            if "id" in given:
                self.ids.append(given["id"])
            if given.get("href", "").startswith("#"):
                self.links.add(given["href"][1:])

    seen = Seen()
    seen.feed(ran[2])
    assert len(seen.plots) == len(set(seen.plots)) == PLOTS
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.links <= set(seen.ids)


def test_names_of_corpora_are_text_and_neither_markup_nor_mathematics(ran):
    page = ran[2]
    assert "<b>" not in page.replace("</span><b>", "")  # the cards' own
    assert "$second$ &lt;b&gt;" in page


def test_neither_json_nor_page_names_a_mail_or_a_sender(ran):
    _, figures, page = ran
    for text in (json.dumps(figures), page):
        assert ".eml" not in text
        assert ".example" not in text
        assert "@" not in text.replace("@media", "")


def test_what_the_checkpoint_has_learnt_from_is_left_out(folder, trained, tmp_path):
    evaluate(folder, trained, tmp_path)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["part"] == "unseen"
    assert 0 < figures["mail"]["measured"] < 200
    assert figures["mail"]["learnt_from_or_nearly"] == 480 - figures["mail"]["measured"]


def test_mail_it_has_never_met_is_measured_whole_and_mail_it_has_met_is_not(folder, trained, tmp_path):
    lines = []
    for number in range(1_000, 1_040):  # the tiny folder's ends at 480
        label = ("phish", "benign")[number % 2]
        (tmp_path / f"{number}.eml").write_bytes(training.mail(label, number))
        lines.append({"path": f"{number}.eml", "label": label})
    known = load_seen(trained)
    met = next(
        path for path in sorted(folder.glob("*.eml")) if was_seen(known, [sha256(path.read_bytes()).hexdigest()])[0]
    )
    (tmp_path / "met.eml").write_bytes(met.read_bytes())
    (tmp_path / "nearly.eml").write_bytes(met.read_bytes().replace(b"Subject: ", b"Subject: x"))
    lines += [{"path": f"{name}.eml", "label": "phish"} for name in ("met", "nearly")]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    evaluate(tmp_path, trained, tmp_path)
    mail = json.loads((tmp_path / "figures.json").read_text())["mail"]
    assert (mail["measured"], mail["learnt_from_or_nearly"]) == (40, 2)


def test_the_same_mail_and_seed_give_the_same_files(folder, trained, tmp_path):
    (tmp_path / "first").mkdir(), (tmp_path / "second").mkdir()
    for name in ("first", "second"):
        evaluate(
            folder, trained, tmp_path / name, "--cache", tmp_path / "cache", "--html", tmp_path / name / "report.html"
        )
    for name in ("figures.json", "report.html"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_broken_lines_and_missing_mail_are_named_and_stop_nothing(folder, trained, tmp_path):
    labels = tmp_path / "labels.jsonl"
    kept = (folder / "labels.jsonl").read_text().splitlines()[:40]
    labels.write_text("\n".join([*kept, '{"path": "gone\\u001b[2J.eml", "label": "phish"}', "{", '{"path": "0.eml"}']))
    result = evaluate(folder, trained, tmp_path, "--part", "all", "--labels", labels)
    assert "gone\\x1b[2J.eml: no such file" in result.stderr
    assert "line 42: no JSON object" in result.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["mail"]["measured"] == 40
    assert figures["mail"]["problems"] == {"no JSON object with path and label": 2, "no such file": 1}


@pytest.mark.parametrize("labels", [["phish"], ["benign", "bulk"], ["spam"], []])
def test_mail_of_one_kind_gives_nulls_with_a_reason(folder, trained, tmp_path, labels):
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    chosen = tmp_path / "labels.jsonl"
    chosen.write_text("".join(json.dumps(line) + "\n" for line in lines if line["label"] in labels))
    more = ("--part", "all", "--labels", chosen, "--html", tmp_path / "report.html")
    result = evaluate(folder, trained, tmp_path, *more)
    assert "needs malicious and legitimate mail" in result.stdout
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["clusters"]["malicious_against_legitimate"]["auc"]["value"] is None
    assert "needs malicious and legitimate mail" in (tmp_path / "report.html").read_text()


def test_mail_that_is_no_mail_is_measured_too(trained, tmp_path):
    hostile = {"empty.eml": b"", "rubbish.eml": bytes(range(256)) * 40, "deep.eml": b"Content-Type: multipart/x\n" * 99}
    for name, raw in hostile.items():
        (tmp_path / name).write_bytes(raw)
    labels = [{"path": name, "label": label} for name, label in zip(hostile, ("phish", "benign", "spam"), strict=True)]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in labels))
    evaluate(tmp_path, trained, tmp_path, "--part", "all")
    assert json.loads((tmp_path / "figures.json").read_text())["mail"]["measured"] == 3


def test_hand_labels_are_measured_beside_the_rules(folder, trained, tmp_path):
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    for line in lines:
        line["sha256"] = sha256((folder / line["path"]).read_bytes()).hexdigest()
    lines[0]["label"] = "spam_or_phish"
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    hand = tmp_path / "hand.jsonl"
    by_hand = [
        (line, "phish" if number % 4 == 0 else "spam") for number, line in enumerate(lines) if number % 4 in {0, 3}
    ]
    hand.write_text("".join(json.dumps({"sha256": line["sha256"], "label": said}) + "\n" for line, said in by_hand))
    more = ("--part", "all", "--labels", tmp_path / "labels.jsonl", "--hand-labels", hand)
    result = evaluate(folder, trained, tmp_path, *more)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["by_hand"]["malicious"], figures["by_hand"]["spam"]) == (120, 120)
    assert figures["by_hand"]["auc_by_margin"]["value"] > 0.8
    assert figures["mail"]["measured"] == 479
    assert "labelled by hand" in result.stdout


@pytest.mark.parametrize("words", [["--root", "nowhere"], ["--labels", "nowhere"], []])
def test_a_folder_or_label_file_that_is_not_there_is_a_wrong_option(folder, words):
    words = ["evaluate", *words, *([] if "--root" in words or not words else ["--root", str(folder)])]
    assert CliRunner().invoke(main, words).exit_code == 2


def test_a_folder_that_is_no_checkpoint_is_refused_in_a_sentence(folder, tmp_path):
    result = CliRunner().invoke(main, ["evaluate", "--root", str(folder), "--checkpoint", str(tmp_path)])
    assert result.exit_code == 1
    assert "cannot measure" in result.stderr
