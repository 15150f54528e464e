"""What is built: old enough for every Outlook, of the right types, and exactly what the sources say."""

import json
import re

import pytest
from node import ADDIN, node


@pytest.mark.parametrize("name", ["spamreporting.js", "taskpane.js"])
def test_a_bundle_is_es2016(name):
    ran = node("node_modules/acorn/bin/acorn", "--ecma2016", "--silent", f"dist/{name}")
    assert ran.returncode == 0, ran.stderr


def test_an_outlook_that_shows_the_pane_in_internet_explorer_says_what_to_do():
    """It can read no other script of ours: without this one the pane stays empty."""
    assert node("node_modules/acorn/bin/acorn", "--ecma5", "--silent", "dist/old.js").returncode == 0
    assert '<script nomodule src="dist/old.js">' in (ADDIN / "taskpane.html").read_text()
    run = """
        const given = JSON.parse(require("fs").readFileSync(0, "utf8")), place = { hidden: true };
        const world = { navigator: given, UNHOOK: given, document: { getElementById: () => place } };
        require("vm").runInNewContext(require("fs").readFileSync("dist/old.js", "utf8"), world);
        console.log(JSON.stringify(place));
    """
    for language, forward_to, said in (
        ("de-AT", "soc@example.org", "Dieses Outlook ist zu alt"),
        ("sv", "", "forward the message to your security team"),
        (None, "soc@example.org", "forward the message to soc@example.org."),
    ):
        ran = node("-e", run, given={"language": language, "forward_to": forward_to})
        place = json.loads(ran.stdout)
        assert (place["hidden"], said in place["textContent"]) == (False, True)


def test_the_es2016_check_would_find_newer_syntax(tmp_path):
    (tmp_path / "newer.js").write_text("async function f() {}")
    assert node("node_modules/acorn/bin/acorn", "--ecma2016", "--silent", tmp_path / "newer.js").returncode != 0


def test_dist_is_what_src_builds(tmp_path):
    ran = node("build.js", tmp_path)

    assert ran.returncode == 0, ran.stderr
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in (ADDIN / "dist").iterdir()}


def test_the_types_fit_outlooks():
    ran = node("node_modules/typescript/bin/tsc", "--project", ".")
    assert ran.returncode == 0, ran.stdout


def test_the_type_check_would_find_a_wrong_word_for_outlook(tmp_path):
    handler = (ADDIN / "src" / "spamreporting.js").read_text()
    wrong = handler.replace("showPostProcessingDialog:", "postProcessingDialog:").replace("./", f"{ADDIN}/src/")
    (tmp_path / "wrong.js").write_text(wrong)
    config = json.loads((ADDIN / "tsconfig.json").read_text())
    kinds = {"typeRoots": [str(ADDIN / "node_modules" / "@types")]}
    config["compilerOptions"] |= kinds
    config["include"] = ["wrong.js", str(ADDIN / "src" / "globals.d.ts")]
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))

    ran = node("node_modules/typescript/bin/tsc", "--project", tmp_path)

    assert "postProcessingDialog" in ran.stdout


def test_only_one_file_gives_outlook_a_callback():
    asks = {path.name for path in (ADDIN / "src").glob("*.js") if re.search(r"\w+Async\(", path.read_text())}
    assert asks == {"outlook.js"}


def test_the_lock_names_no_registry():
    assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", (ADDIN / "package-lock.json").read_text())


def test_every_language_has_every_word():
    """The type check holds them to it; here, that nobody left one empty or lost a placeholder."""
    english = words_of("en")
    for language in ("de", "fr", "es", "pt", "ja"):
        words = words_of(language)
        assert words.keys() == english.keys()
        for key, text in words.items():
            assert text, key
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[key]), (language, key)


def words_of(language: str) -> dict[str, str]:
    script = f"import('./src/words/{language}.js').then((m) => console.log(JSON.stringify(m.{language})))"
    return json.loads(node("-e", script).stdout)
