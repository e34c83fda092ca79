"""Mappings: two-way TOML tables between canonical records and vendor records, made for consultants to change."""

from tieline.mapping.canonical import owners_of
from tieline.mapping.draft import VendorField, draft_mapping
from tieline.mapping.mapping import Explained, Mapping, check_mapping, load_mapping
from tieline.mapping.problems import Defect, MappingFailed, MappingFileError, MappingProblem
from tieline.mapping.value_tables import ValueTable, ValueTables

__all__ = [
    "Defect",
    "Explained",
    "Mapping",
    "MappingFailed",
    "MappingFileError",
    "MappingProblem",
    "ValueTable",
    "ValueTables",
    "VendorField",
    "check_mapping",
    "draft_mapping",
    "load_mapping",
    "owners_of",
]
