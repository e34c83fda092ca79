"""The service catalogue in the site folder: a file for each package, and what packages say about each other."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tieline.app.site_defects import SiteDefect, SiteError, defect_at, read_text, toml_defect
from tieline.model import service_package
from tieline.model.firm import Firm
from tieline.model.money import CURRENCIES
from tieline.model.service_package import ServicePackage

Where = tuple[int | str, ...]
MOST_PACKAGES = 5000
_SETTINGS = sorted(
    {
        name
        for part in vars(service_package).values()
        if isinstance(part, type) and issubclass(part, BaseModel)
        for name in part.model_fields
    }
)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    package: ServicePackage

    def defect(self, where: Where, message: str) -> SiteDefect:
        return defect_at(self.path, self.text, where, message)


def read_catalog(folder: Path, firm: Firm, defects: list[SiteDefect]) -> tuple[ServicePackage, ...]:
    """The packages, ordered by id; what is wrong is added to `defects`."""
    paths = sorted(folder.glob("*.toml"))
    if len(paths) > MOST_PACKAGES:
        defects.append(SiteDefect(folder, 1, f"a catalogue has at most {MOST_PACKAGES:,} packages"))
        return ()
    files = [file for path in paths if (file := _read(path, defects)) is not None]
    for file in files:
        defects += _of_one(file, firm)
    defects += _of_all(files)
    return tuple(sorted((file.package for file in files), key=lambda package: package.id))


def _read(path: Path, defects: list[SiteDefect]) -> _File | None:
    try:
        text = read_text(path)
    except SiteError as error:
        defects += error.defects
        return None
    try:
        return _File(path, text, ServicePackage.model_validate(tomllib.loads(text, parse_float=Decimal)))
    except tomllib.TOMLDecodeError as error:
        defects.append(toml_defect(path, text, error))
    except ValidationError as error:
        defects += [defect_at(path, text, item["loc"], _reason(item)) for item in error.errors()]
    return None


def _reason(item: Any) -> str:
    """What is wrong with a value, in words; a mistyped setting with the one it may have meant."""
    if item["type"] == "extra_forbidden":
        name = str(item["loc"][-1])
        return f"there is no setting '{name}'{_did_you_mean(name, _SETTINGS)}"
    return str(item["msg"]).removeprefix("Value error, ")


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _of_one(file: _File, firm: Firm) -> Iterator[SiteDefect]:
    """What a package names that the site does not have."""
    package = file.package
    lines = [line.id for line in firm.service_lines]
    if package.service_line not in lines:
        told = f"the site has no service line '{package.service_line}'{_did_you_mean(package.service_line, lines)}"
        yield file.defect(("service_line",), told)
    roles = sorted({row.role for row in firm.standard_rates if row.role})
    for number, phase in enumerate(package.phase):
        for place, task in enumerate(phase.task):
            if roles and task.role not in roles:
                told = f"rates.csv has no role '{task.role}'{_did_you_mean(task.role, roles)}"
                yield file.defect(("phase", number, "task", place, "role"), told)
    regions = sorted({entity.region for entity in firm.legal_entities if entity.region})
    for number, region in enumerate(package.region):
        if region.name not in regions:
            told = f"no legal entity is in region '{region.name}'{_did_you_mean(region.name, regions)}"
            yield file.defect(("region", number, "name"), told)
    yield from _currencies(file)
    for number, sku in enumerate(package.sku):
        if sku in firm.as_quoted:
            yield file.defect(("sku", number), f"SKU '{sku}' is in [catalog] as_quoted of site.toml as well")


def _currencies(file: _File) -> Iterator[SiteDefect]:
    places: list[tuple[Where, service_package.PackageTerms]] = [((), file.package)]
    places += [(("region", number), region) for number, region in enumerate(file.package.region)]
    for where, terms in places:
        for currency in terms.price.amounts if terms.price else ():
            if currency not in CURRENCIES:
                yield file.defect((*where, "price"), f"'{currency}' is no ISO 4217 currency code such as USD")


def _of_all(files: Sequence[_File]) -> Iterator[SiteDefect]:
    """Ids and SKUs are used once; what a package depends on is there, and not itself."""
    ids: dict[str, _File] = {}
    skus: dict[str, _File] = {}
    for file in files:
        if (other := ids.setdefault(file.package.id, file)) is not file:
            yield file.defect(("id",), f"package '{file.package.id}' is in {other.path.name} as well")
        for sku in file.package.sku:
            if (other := skus.setdefault(sku, file)) is not file:
                yield file.defect(("sku",), f"SKU '{sku}' is sold by {other.path.name} as well")
    for file in files:
        for name in file.package.depends_on:
            if name not in ids:
                told = f"there is no package '{name}'{_did_you_mean(name, list(ids))}"
                yield file.defect(("depends_on",), told)
        circle = _circle(file.package.id, ids)
        if circle:
            yield file.defect(("depends_on",), f"packages depend on each other in a circle: {' -> '.join(circle)}")


def _circle(start: str, ids: dict[str, _File]) -> list[str]:
    """A way by which a package depends on itself."""
    waiting: list[list[str]] = [[start]]
    seen: set[str] = set()
    while waiting:
        way = waiting.pop()
        for name in ids[way[-1]].package.depends_on:
            if name == start:
                return [*way, start]
            if name in ids and name not in seen:
                seen.add(name)
                waiting.append([*way, name])
    return []
