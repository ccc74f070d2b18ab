"""One spelling for countries, phone numbers and postal codes."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality

from src.contract.column import Column
from src.contract.source import Source
from src.contract.types import INTEGER, varchar
from src.transforms.standardise import country, phone, postal_code, standardise
from tests.conftest import Frame


@pytest.mark.parametrize(
    ("texts", "code", "name"),
    [
        (["USA", "usa", "U.S.A.", "US", "United States", "united states of america",
          "Estados Unidos", "The United States"], "US", "USA"),
        (["Germany", "GERMANY", "Deutschland", "DE", "DEU", "Allemagne", "Alemania"],
         "DE", "Germany"),
        (["United Kingdom", "UK", "GB", "GBR", "Great Britain", "England", "Royaume-Uni"],
         "GB", "United Kingdom"),
        (["Czech Republic", "Czechia", "CZ", "Česko", "Tschechien"], "CZ", "Czech Republic"),
        (["Brazil", "Brasil", "BR", "Brésil", "Brasilien"], "BR", "Brazil"),
        (["Netherlands", "The Netherlands", "Holland", "Nederland"], "NL", "Netherlands"),
        (["Austria", "Österreich", "Osterreich", "AUT"], "AT", "Austria"),
        (["Norway", "NO", "Norwegen"], "NO", "Norway"),
        (["India", "IN"], "IN", "India"),
        (["Ireland", "Éire", "Republic of Ireland"], "IE", "Ireland"),
    ],
)  # fmt: skip
def test_names_and_codes_of_a_country_become_one_spelling(
    texts: list[str], code: str, name: str
) -> None:
    assert {text: country(text) for text in texts} == dict.fromkeys(texts, (code, name))


@pytest.mark.parametrize("text", ["Atlantis", "XX", "Europe", "EU", "Unknown", "?", "Germany/USA"])
def test_what_is_no_country_keeps_its_text(text: str) -> None:
    assert country(text) == (None, text)


def test_every_country_of_the_music_store_is_recognised() -> None:
    names = (
        "Argentina Australia Austria Belgium Brazil Canada Chile Czech_Republic Denmark Finland "
        "France Germany Hungary India Ireland Italy Netherlands Norway Poland Portugal Spain "
        "Sweden United_Kingdom USA"
    )
    for name in names.replace(" ", "\n").replace("_", " ").split("\n"):
        code, spelled = country(name)
        assert code and spelled == name


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("+55 (12) 3923-5555", "Brazil", "+551239235555"),
        ("+55 (12) 3923-5555", None, "+551239235555"),
        ("(514) 721-4711", "Canada", "+15147214711"),
        ("(514) 721-4711", "CAN", "+15147214711"),
        ("0711 2842222", "Deutschland", "+497112842222"),
        ("0049 711 2842222", "Germany", "+497112842222"),
        ("(514) 721-4711", None, "(514) 721-4711"),
        ("(514) 721-4711", "Atlantis", "(514) 721-4711"),
        ("ask Anna", "Canada", "ask Anna"),
        ("12", "Canada", "12"),
        ("(514) 721-4711 ext. 5", "Canada", "(514) 721-4711 ext. 5"),
        ("", "Canada", ""),
    ],
)
def test_phone_numbers_become_e164_where_they_are_possible(
    text: str, of: str | None, expected: str
) -> None:
    assert phone(text, of) == expected


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("h2g1a7", "Canada", "H2G 1A7"),
        ("H2G  1A7", "Canada", "H2G 1A7"),
        ("d2g1a7", "Canada", "D2G1A7"),
        ("12227000", "Brazil", "12227-000"),
        ("12227-000", "Brazil", "12227-000"),
        ("94043-1351", "USA", "94043-1351"),
        ("2113", "USA", "2113"),
        ("1010", "Austria", "1010"),
        ("n1 5lh", "United Kingdom", "N1 5LH"),
        ("h2g1a7", None, "H2G1A7"),
        ("h2g1a7", "Atlantis", "H2G1A7"),
        ("!", "Canada", "!"),
    ],
)
def test_postal_codes_take_the_form_of_their_country(
    text: str, of: str | None, expected: str
) -> None:
    assert postal_code(text, of) == expected


SOURCE = Source(
    "thing",
    "Thing",
    "one thing",
    (
        Column("id", INTEGER, "number"),
        Column("phone", varchar(40), "phone", standard="phone", of_country="country"),
        Column("country", varchar(40), "country", standard="country"),
        Column("zip", varchar(40), "code", standard="postal_code", of_country="country"),
    ),
    ("id",),
)


def test_rows_get_the_spelling_and_the_code_and_none_is_lost(frame: Frame) -> None:
    rows = frame(
        [
            (1, "(514) 721-4711", "CANADA", "h2g1a7", "x"),
            (2, "(514) 721-4711", "canada", "h2g1a7", "x"),
            (3, "(514) 721-4711", None, "h2g1a7", "x"),
            (4, None, "Atlantis", None, "x"),
            (5, "0711 2842222", "Deutschland", "70 174", "x"),
            (6, None, None, None, "x"),
            (7, "a'b\"\\", "c'd\"\\\u2028", "e", "x"),
        ],
        "id int, phone string, country string, zip string, other string",
    )
    expected = frame(
        [
            (1, "+15147214711", "Canada", "H2G 1A7", "x", "CA"),
            (2, "+15147214711", "Canada", "H2G 1A7", "x", "CA"),
            (3, "(514) 721-4711", None, "H2G1A7", "x", None),
            (4, None, "Atlantis", None, "x", None),
            (5, "+497112842222", "Germany", "70174", "x", "DE"),
            (6, None, None, None, "x", None),
            (7, "a'b\"\\", "c'd\"\\\u2028", "E", "x", None),
        ],
        "id int, phone string, country string, zip string, other string, country_code string",
    )
    found = standardise(rows, SOURCE)
    assert_df_equality(found, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_source_without_standards_is_left_as_it_is(frame: Frame) -> None:
    plain = Source("thing", "Thing", "one thing", (Column("id", INTEGER, "number"),), ("id",))
    rows = frame([(1,)], "id int")
    assert standardise(rows, plain) is rows
