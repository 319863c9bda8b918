"""Invented words, of which the records of the practice org are made.

Companies and cities are inventions and persons are combinations of common names, so none of them is anybody. Some hold
what breaks careless readers: quotes, commas, ampersands, angle brackets, line ends, letters beyond ASCII.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from sfmtls_nb.practice.data.objects import SCHEMA

_FIRST_NAMES: Final = (
    "Ada Aisha Alejandro Amara Andrei Anika Astrid Benedikt Björn Camille Carlos Chiara Chloé Dagmar Daniel Deniz "
    "Dmitri Eilidh Elena Élodie Emeka Emma Farid Fatima Finn Freya Gabriel Giulia Grace Gunnar Hana Hannah Hiroshi "
    "Ibrahim Inés Ingrid Isla Ivo Jakub James Jasmin João José Kaito Karin Kenji Kofi Laila Lars Leila Liam Lucía "
    "Łukasz Magnus Maja Malik Marta Mateo Mei Mia Mirjam Mohamed Nadia Naoko Nia Noah Nora Oluwaseun Omar Oskar Øystein "
    "Paula Pedro Priya Quentin Rafael Renée Rosa Ruth Sanjay Sara Şebnem Sofia Søren Tariq Thandiwe Théo Tomáš Uma "
    "Vera Viktor Wanjiru William Yara Yuki Zanele Zoë Žofia 美咲"
)
_LAST_NAMES: Final = (
    "Abara|Adeyemi|Almeida|Andersson|Baptiste|Bauer|Becker|Bianchi|Brandt|Carver|Castillo|Chen|Costa|D'Angelo|Da Silva|"
    "Dubois|Dąbrowski|Eriksen|Farouk|Ferrari|Fischer|Fitzgerald|Fontaine|García-López|Gomes|Greene|Grünwald|Haddad|"
    "Hakimi|Hansen|Harper|Hernández|Hoffmann|Horváth|Hughes|Ivanova|Jansen|Johansson|Jones|Kapoor|Karlsson|Kaya|Keller|"
    "Khan|Kim|Kovač|Kowalska|Laurent|Lehmann|Lindqvist|López|MacLeod|Mahlangu|Marchetti|Martin|Mbeki|Mendes|Meyer|"
    "Mokoena|Moreau|Müller|Murphy|Nakamura|Nguyễn|Nielsen|Novák|Nowak|O'Brannock|O'Neill|Ødegård|Okafor|Okonkwo|Olsen|"
    "Ortega|Osei|Patel|Peeters|Pereira|Petrov|Popescu|Quinn|Rahman|Ramírez|Rossi|Şahin|Santos|Sato|Schmidt|Schneider|"
    "Sharma|Silva|Singh|Smith|Sørensen|Suzuki|Takahashi|Tanaka|Torres|van der Berg|Varga|Virtanen|Wagner|Walker|Weber|"
    "Williams|Wójcik|Yamamoto|Yılmaz|Zhang|Zimmermann|小林"
)
_COMPANIES: Final = (
    "Velmora Quorvane Brasnock Tellimar Ostrelle Fennbrigg Harrowgale Lindquay Corvanta Meridax Pellwarth Zephyrane "
    "Aldermarch Norbecca Kestrelby Sablewyck Tarnholt Wexcombra Ironvarr Juniphor Calderix Dunmarrow Everwynne Falkirra "
    "Glimmerstad Hollowmeer Ivorene Jasperlinn Kilbrannor Lumengarth Marrowfenn Nettlebrigg Oakhallow Pinterrel "
    "Quillhavn Rookmere Silvestrand Thornquill Umberleigh Vantorre Willowmarch Xandrelle Yarrowden Zinnerholm "
    "Ångelmark Bärwinkel Élandre Ñandora Øvregaard Śniegowa 青嵐堂"
)
_BUSINESSES: Final = (
    "Logistics|& Sons|Foods, Inc.|Textiles|Instruments|Labs <Research>|“Quick” Parcel|Energy|Health & Care|Systems|"
    'Freight Ltd|"Old Harbor" Imports|Farms|Optics|Robotics|Insurance Group|Press|Marine|Outfitters, LLC|Biologics'
)
_CITIES: Final = (
    ("Port Ellery", "Oregon", "97999", "United States", "OR", "US", 44.62, -124.05),
    ("Brackenford", "Ohio", "43999", "United States", "OH", "US", 40.41, -82.71),
    ("Lindow Falls", "Vermont", "05999", "United States", "VT", "US", 44.26, -72.58),
    ("Saint Orrin", "Texas", "78999", "United States", "TX", "US", 29.42, -98.49),
    ("Marlock Springs", "Colorado", "80999", "United States", "CO", "US", 38.83, -104.82),
    ("Castlewray", None, "CW9 9ZZ", "United Kingdom", None, "GB", 52.95, -1.15),
    ("Dunavarra", "Cork", None, "Ireland", "CO", "IE", 51.9, -8.47),
    ("Belfontaine-sur-Orle", None, "99123", "France", None, "FR", 48.58, 7.75),
    ("Grünsee am Wald", "Bayern", "99876", "Germany", "BY", "DE", 48.4, 11.75),
    ("Vista Serrada", "São Paulo", "99999-000", "Brazil", "SP", "BR", -23.55, -46.63),
    ("Nørrelund", None, "9999", "Denmark", None, "DK", 56.16, 10.2),
    ("Hoshikawa", "Kanagawa", "999-0001", "Japan", "14", "JP", None, None),
    ("Santa Brisa", "Jalisco", "99990", "Mexico", "JA", "MX", 20.67, -103.35),
    ("Tamberra", "New South Wales", "2999", "Australia", "NSW", "AU", -33.87, 151.21),
    ("Łączanów", None, "99-999", "Poland", None, "PL", 50.06, 19.94),
)
_STREETS: Final = (
    "Alder Row|Foundry Lane|Harbour View|Juniper Street|Kiln Yard|Lantern Hill|Mill Race|Quarry Road|Rue des Tilleuls|"
    "Schulstraße|Station Approach|Weavers' Walk|Plaza Mayor"
)
_TITLES: Final = (
    "CEO|CFO|Head of Procurement|VP, Operations|Sales Manager|Buyer|IT Director|Systems Engineer|Warehouse Lead|"
    "R&D Manager|Account Executive|Assistant to the Board|Controller|Quality Engineer"
)
_DEPARTMENTS: Final = "Finance|Procurement|Operations|IT|Sales & Marketing|Logistics|R&D|Legal|People"
#: The profiles of a new org, in the order of their ids: the standard one, and the one that is enforced.
PROFILES: Final = ("Standard User", "Integration (mutual TLS)")
_DEALS: Final = "Renewal|Pilot|Expansion|Add-on|Rollout|Annual contract|Trial <30 days>|Hardware & support"
_SUBJECTS: Final = (
    "Cannot sign in after the certificate was renewed|Invoice shows the wrong total|Shipment late, again|"
    'Error "unable to get local issuer certificate"|Delivery damaged & incomplete|Question about pricing < 100 units|'
    "Please change the contact person|API limit reached|Kündigung zum Monatsende|Password reset"
)
_CARRIERS: Final = "Brisk & Sons|Harbor Line|Nordwind Cargo|“Swift” Freight|Two Rivers Rail|Überland Express"
_DESCRIPTIONS: Final = (
    "Met at the spring fair; wants a quote before the end of the quarter.",
    'Said: "call me after 5 pm", then hung up.',
    "First line\nSecond line, with a comma\nThird line",
    "Prefers e-mail; phone & fax only in emergencies.",
    "Contract runs < 12 months, > 3 sites.",
    "<b>Not</b> markup: &amp; is five characters; so is ]]&gt;",
    "Träger der Umstellung auf mTLS, Ansprechpartner für die IT.",
    "担当者は来月変わります。",
    "Ends with a backslash \\",
    "Very happy 🙂, renewed twice.",
    "It's the buyer's choice; O'Brannock signs.",
    'Tab\tseparated, a "quote", and a line end\r\nin Windows\' way',
)


def _plain(text: str) -> str:
    """Reduce a name to the letters a to z, for the left side of an e-mail address."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("ø", "o").replace("ł", "l").replace("ı", "i"))
    return "".join(letter for letter in letters if "a" <= letter <= "z") or "desk"


def _pools() -> Mapping[str, Sequence[tuple[str | float | None, ...]]]:
    addressed = {"first": _FIRST_NAMES.split(), "last": _LAST_NAMES.split("|"), "company": _COMPANIES.split()}
    listed = {
        "business": _BUSINESSES,
        "street": _STREETS,
        "title": _TITLES,
        "department": _DEPARTMENTS,
        "deal": _DEALS,
        "subject": _SUBJECTS,
        "carrier": _CARRIERS,
    }
    texts = {name: tuple(text.split("|")) for name, text in listed.items()} | {"description": _DESCRIPTIONS}
    for each in SCHEMA.values():
        texts |= {f"{each.name}.{field.name}": field.picklist for field in each.fields if field.picklist}
    return {
        "city": _CITIES,
        **{name: [(text, _plain(text)) for text in names] for name, names in addressed.items()},
        **{name: [(text,) for text in each] for name, each in texts.items()},
    }


#: Pools by name: rows of a text; of a text and its plain form; or of a city, its state, postal
#: code and country, the codes of state and country, and its place.
#: The picklists of the schema are among them, as ``Contact.LeadSource``.
POOLS: Final = _pools()
