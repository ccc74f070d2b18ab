"""Where the customers live: countries as Chinook spells them, their cities, codes and phones.

In the patterns ``#`` is any digit, ``N`` one from 2 to 9 and ``@`` a letter that every country's
postal codes allow. Codes and area codes are those of the city, so that validators accept them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """A city with the patterns of its postal codes and phone numbers."""

    name: str
    state: str | None
    postal: str
    phone: str


@dataclass(frozen=True)
class Country:
    """A country: its share of the customers, and how names and addresses look there.

    ``spellings`` are other ways to write it that real exports hold; they serve ``--dirty``.
    """

    name: str
    iso2: str
    weight: int
    locale: str
    number_first: bool
    cities: tuple[City, ...]
    spellings: tuple[str, ...]


def _country(
    name: str,
    iso2: str,
    weight: int,
    locale: str,
    *,
    cities: str,
    spellings: str,
    number_first: bool = False,
) -> Country:
    """Read the cities from lines ``name|state|postal|phone``, the spellings from a ``|`` list."""
    parts = [line.strip().split("|") for line in cities.strip().splitlines()]
    found = tuple(City(city, state or None, code, phone) for city, state, code, phone in parts)
    return Country(name, iso2, weight, locale, number_first, found, tuple(spellings.split("|")))


COUNTRIES: tuple[Country, ...] = (
    _country(
        "USA",
        "US",
        130,
        "en_US",
        cities="""New York|NY|100##|+1 (212) N##-####
        Chicago|IL|606##|+1 (312) N##-####
        Seattle|WA|981##|+1 (206) N##-####
        Boston|MA|021##|+1 (617) N##-####
        Tucson|AZ|857##|+1 (520) N##-####
        San José|CA|951##|+1 (408) N##-####
        Fort Worth|TX|761##-####|+1 (817) N##-####
        Reno|NV|895##|+1 (775) N##-####
        Madison|WI|537##|+1 (608) N##-####""",
        spellings="U.S.A.|United States|usa|United States of America| US",
        number_first=True,
    ),
    _country(
        "Canada",
        "CA",
        80,
        "en_CA",
        cities="""Toronto|ON|M5@ #@#|+1 (416) N##-####
        Vancouver|BC|V6@ #@#|+1 (604) N##-####
        Winnipeg|MB|R3@ #@#|+1 (204) N##-####
        Halifax|NS|B3@ #@#|+1 (902) N##-####
        Montréal|QC|H2@ #@#|+1 (514) N##-####""",
        spellings="CANADA|canada|Canada |CA",
        number_first=True,
    ),
    _country(
        "Brazil",
        "BR",
        50,
        "pt_BR",
        cities="""São Paulo|SP|01###-###|+55 (11) 3###-####
        Rio de Janeiro|RJ|20###-###|+55 (21) 2###-####
        Brasília|DF|70###-###|+55 (61) 3###-####
        São José dos Campos|SP|122##-###|+55 (12) 3###-####""",
        spellings="Brasil|BRAZIL|brazil |BR",
    ),
    _country(
        "France",
        "FR",
        50,
        "fr_FR",
        cities="""Paris||750##|+33 01 4# ## ## ##
        Lyon||6900#|+33 04 7# ## ## ##
        Bordeaux||330##|+33 05 5# ## ## ##
        Orléans||450##|+33 02 3# ## ## ##""",
        spellings="FRANCE|france| France|FR",
        number_first=True,
    ),
    _country(
        "Germany",
        "DE",
        40,
        "de_DE",
        cities="""Berlin||101##|+49 030 2#######
        München||803##|+49 089 2#######
        Köln||506##|+49 0221 2######
        Düsseldorf||402##|+49 0211 2######
        Frankfurt||603##|+49 069 2#######""",
        spellings=" Deutschland|GERMANY|germany|DE",
    ),
    _country(
        "United Kingdom",
        "GB",
        30,
        "en_GB",
        cities="""London||N1 #@@|+44 020 7### ####
        Edinburgh||EH4 #@@|+44 0131 2## ####
        Cardiff||CF1# #@@|+44 029 20## ####""",
        spellings="UK|Great Britain|united kingdom|GB",
        number_first=True,
    ),
    _country(
        "Czech Republic",
        "CZ",
        20,
        "cs_CZ",
        cities="""Praha||1##00|+420 2 2### ####
        Brno||602 00|+420 5 4### ####""",
        spellings="Czechia|CZECH REPUBLIC|czech republic|CZ",
    ),
    _country(
        "Portugal",
        "PT",
        20,
        "pt_PT",
        cities="""Lisboa||1200-###|+351 (213) ###-###
        Porto||4050-###|+351 (222) 0##-###""",
        spellings="PORTUGAL|portugal| Portugal |PT",
    ),
    _country(
        "India",
        "IN",
        20,
        "en_IN",
        cities="""Delhi||1100##|+91 011 2#######
        Bengaluru||5600##|+91 080 2#######
        Mumbai||4000##|+91 022 2#######""",
        spellings="INDIA|india|India  |IN",
        number_first=True,
    ),
    _country(
        "Italy",
        "IT",
        12,
        "it_IT",
        cities="""Roma|RM|001##|+39 06 3### ####
        Milano|MI|201##|+39 02 4### ####""",
        spellings="Italia|ITALY|italy|IT",
    ),
    _country(
        "Spain",
        "ES",
        12,
        "es_ES",
        cities="""Madrid||280##|+34 914 ### ###
        Málaga||290##|+34 952 ### ###""",
        spellings="España|SPAIN|spain|ES",
    ),
    _country(
        "Netherlands",
        "NL",
        11,
        "nl_NL",
        cities="""Amsterdam|VV|10## @@|+31 020 6######
        Utrecht|UT|35## @@|+31 030 2######""",
        spellings="The Netherlands|NETHERLANDS|netherlands|NL",
    ),
    _country(
        "Poland",
        "PL",
        11,
        "pl_PL",
        cities="""Warszawa||00-###|+48 22 8## ## ##
        Kraków||31-###|+48 12 4## ## ##""",
        spellings="POLAND|poland| Poland|PL",
    ),
    _country(
        "Sweden",
        "SE",
        10,
        "sv_SE",
        cities="""Stockholm||11# ##|+46 08 65# ## ##
        Göteborg||41# ##|+46 031 7## ## ##""",
        spellings="SWEDEN|sweden|Sweden |SE",
    ),
    _country(
        "Norway",
        "NO",
        10,
        "no_NO",
        cities="""Oslo||01##|+47 22 ## ## ##
        Tromsø||90##|+47 77 6# ## ##""",
        spellings="NORWAY|norway| Norway|NO",
    ),
    _country(
        "Denmark",
        "DK",
        10,
        "da_DK",
        cities="""København||2100|+45 33 1# ## ##
        Århus||8000|+45 86 1# ## ##""",
        spellings="DENMARK|denmark|Denmark |DK",
    ),
    _country(
        "Finland",
        "FI",
        10,
        "fi_FI",
        cities="""Helsinki||00###|+358 09 4## ####
        Jyväskylä||401##|+358 014 2## ####""",
        spellings="FINLAND|finland| Finland|FI",
    ),
    _country(
        "Hungary",
        "HU",
        10,
        "hu_HU",
        cities="""Budapest||10##|+36 1 3## ####
        Győr||902#|+36 96 3## ###""",
        spellings="HUNGARY|hungary|Hungary |HU",
    ),
    _country(
        "Austria",
        "AT",
        10,
        "de_AT",
        cities="""Wien||10#0|+43 01 5######
        Graz||80#0|+43 0316 8#####""",
        spellings="Österreich|AUSTRIA|austria|AT",
    ),
    _country(
        "Belgium",
        "BE",
        10,
        "nl_BE",
        cities="""Brussels||10#0|+32 02 2## ## ##
        Antwerpen||20#0|+32 03 2## ## ##""",
        spellings="BELGIUM|belgium| Belgium|BE",
    ),
    _country(
        "Ireland",
        "IE",
        10,
        "en_IE",
        cities="""Dublin|Dublin||+353 01 67#####
        Cork|Cork||+353 021 42#####""",
        spellings="IRELAND|ireland|Ireland |IE",
        number_first=True,
    ),
    _country(
        "Australia",
        "AU",
        10,
        "en_AU",
        cities="""Sydney|NSW|20##|+61 (02) 9### ####
        Perth|WA|60##|+61 (08) 9### ####""",
        spellings="AUSTRALIA|australia| Australia|AU",
        number_first=True,
    ),
    _country(
        "Argentina",
        "AR",
        10,
        "es_AR",
        cities="""Buenos Aires||1###|+54 (0)11 4### ####
        Córdoba||50##|+54 (0)351 4## ####""",
        spellings="ARGENTINA|argentina|Argentina |AR",
    ),
    _country(
        "Chile",
        "CL",
        10,
        "es_CL",
        cities="""Santiago|||+56 2 22## ####
        Valparaíso|||+56 32 221 ####""",
        spellings="CHILE|chile| Chile|CL",
    ),
)
