"""The command line's own parts; what the commands do is tested in tests/integration."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

import pytest

from mynah_daemon import cli
from mynah_daemon.commands.generate import add_parser
from mynah_shared.errors import MynahError
from mynah_shared.protocol.messages import StyleUse


def test_a_foreign_command_that_lacks_its_package_breaks_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Entry:
        name = "evaluate"

        def load(self) -> NoReturn:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(cli, "entry_points", lambda **_: [Entry()])
    assert cli.main(["status"]) == 1
    assert cli.main(["evaluate", "some", "--flags"]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith("'mynah evaluate' needs the package 'torch'; install it with: pip")


def test_a_foreign_command_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def add_hum(commands: Any) -> None:
        parser = commands.add_parser("hum")
        parser.add_argument("tune")
        parser.set_defaults(run=lambda arguments: 7 if arguments.tune == "aria" else 0)

    class Entry:
        name = "hum"

        def load(self) -> object:
            return add_hum

    monkeypatch.setattr(cli, "entry_points", lambda **_: [Entry()])
    assert cli.main(["hum", "aria"]) == 7


def test_an_error_is_one_sentence_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_arguments: argparse.Namespace) -> NoReturn:
        raise MynahError("This can't be done.")

    monkeypatch.setattr("mynah_daemon.commands.status.run", refuse)
    assert cli.main(["status"]) == 2
    assert capsys.readouterr().err == "This can't be done.\n"


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("neutral", StyleUse("neutral", 1.0, "")),
        ("neutral@0.5", StyleUse("neutral", 0.5, "")),
        ("neutral:lips", StyleUse("neutral", 1.0, "lips")),
        ("Old Man@0.25:brows", StyleUse("Old Man", 0.25, "brows")),
        (r"C:\takes\a@b.csv@0.5:head", StyleUse(r"C:\takes\a@b.csv", 0.5, "head")),
    ],
)
def test_styles_are_name_weight_region(text: str, style: StyleUse) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["generate", "a.wav", "-o", "a.csv", "--style", text])
    assert arguments.style == [style]
