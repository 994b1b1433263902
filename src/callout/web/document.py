"""What every operation of the OpenAPI document answers besides what its handler declares."""

from litestar import Litestar
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Schema

from callout.web.problems import MEDIA_TYPE

_TEXT = Schema(type=OpenAPIType.STRING)
_PROBLEM = Schema(
    title="Problem",
    type=OpenAPIType.OBJECT,
    required=["type", "title", "status", "where", "todo", "detail"],
    properties={
        "type": _TEXT,
        "title": Schema(type=OpenAPIType.STRING, description="what was wrong"),
        "status": Schema(type=OpenAPIType.INTEGER),
        "where": Schema(type=OpenAPIType.STRING, description="with what"),
        "todo": Schema(type=OpenAPIType.STRING, description="what to do"),
        "detail": _TEXT,
    },
)


def describe_answers(app: Litestar) -> None:
    """Say in the document that every refusal is a problem (RFC 9457), and that a 204 is empty.

    Litestar documents its own shape of a refused body instead, which this room never sends.
    """
    refused = OpenAPIResponse(
        description="Refused: what was wrong, with what, and what to do",
        content={MEDIA_TYPE: OpenAPIMediaType(schema=_PROBLEM)},
    )
    for item in (app.openapi_schema.paths or {}).values():
        for operation in (item.get, item.post, item.put, item.patch, item.delete):
            if operation is None or operation.responses is None:
                continue
            operation.responses.pop("400", None)
            operation.responses["default"] = refused
            empty = operation.responses.get("204")
            if isinstance(empty, OpenAPIResponse):
                empty.content = None
