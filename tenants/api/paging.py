"""Lists by cursor: stable while rows are added, and as quick at the end as at the beginning."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """`{"next": url or null, "previous": url or null, "results": […]}`; `?limit=` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-created_at"
