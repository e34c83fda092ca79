"""Descriptions of objects and fields, with the members real answers carry (fact sheet section 3)."""

from functools import cache

from tieline_standins.core.http import Json
from tieline_standins.salesforce.call import ROOT
from tieline_standins.salesforce.schema import NUMBER_TYPES, Field, SObject
from tieline_standins.salesforce.transaction import Org
from tieline_standins.salesforce.values import label

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "base64": "xsd:base64Binary",
    **dict.fromkeys(NUMBER_TYPES, "xsd:double"),
}
_NO_LENGTH = frozenset({"boolean", "int", "date", "datetime", "base64", *NUMBER_TYPES})


def describe_global(org: Org, version: str) -> Json:
    listed = [object_summary(org, each, version) for each in org.schema.objects.values()]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}


def object_summary(org: Org, sobject: SObject, version: str) -> Json:
    """What lists of objects say about one."""
    base = f"{ROOT}v{version}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "createable": sobject.writable,
        "custom": sobject.custom,
        "customSetting": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": True,
        "mergeable": sobject.name in ("Account", "Contact"),
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": org.events.captured(sobject),
        "undeletable": sobject.deletable,
        "updateable": sobject.writable,
        "urls": {"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"},
    }


def describe_object(org: Org, sobject: SObject, version: str) -> Json:
    """The whole description of one object."""
    children: list[Json] = [
        {
            "cascadeDelete": reference.on_delete == "cascade",
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": reference.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": reference.children,
            "restrictedDelete": reference.on_delete == "restrict",
        }
        for child, reference in org.schema.children(sobject.name)
    ]
    return {
        **object_summary(org, sobject, version),
        "childRelationships": children,
        "fields": [_field(each) for each in sobject.fields.values()],
        "recordTypeInfos": [],
        "supportedScopes": [{"label": f"All {sobject.plural}", "name": "everything"}],
    }


@cache
def _field(field: Field) -> Json:
    number = field.type in NUMBER_TYPES
    text_length = 0 if field.type in _NO_LENGTH else 18 if field.type in ("id", "reference") else field.length
    return {
        "aggregatable": field.type not in ("base64", "textarea"),
        "autoNumber": False,
        "byteLength": text_length * 3,
        "calculated": False,
        "caseSensitive": field.case_sensitive,
        "createable": not field.read_only,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.defaulted or field.default is not None or field.type == "boolean",
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 10 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": field.type != "base64",
        "groupable": field.type not in ("textarea", "base64", *NUMBER_TYPES),
        "htmlFormatted": False,
        "idLookup": field.key,
        "inlineHelpText": None,
        "label": label(field),
        "length": text_length,
        "name": field.name,
        "nameField": field.name == "Name",
        "namePointing": len(field.refers_to) > 1,
        "nillable": not (field.required or field.type in ("boolean", "id") or (field.read_only and field.defaulted)),
        "permissionable": not (field.required or field.read_only),
        "picklistValues": [
            {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
            for value in field.picklist
        ],
        "polymorphicForeignKey": len(field.refers_to) > 1,
        "precision": field.precision if number else 0,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale if number else 0,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": field.type not in ("textarea", "base64"),
        "type": field.type,
        "unique": field.unique,
        "updateable": not (field.read_only or field.create_only),
    }
