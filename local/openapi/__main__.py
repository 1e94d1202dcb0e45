"""Write the OpenAPI document."""

from local.openapi import PATH, text

PATH.write_text(text())
