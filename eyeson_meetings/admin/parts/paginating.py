"""Pages of lists whose cost does not grow with the table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    PaginatorBase = Paginator[Any]
else:
    PaginatorBase = Paginator

#: Pages after the present one that are looked for.
LOOKAHEAD_PAGES = 10


class BoundedPaginator(PaginatorBase):
    """Looks a few pages ahead and no further, so that no request counts a million rows."""

    def __init__(self, *args: Any, page_number: int = 1, **kwargs: Any) -> None:
        """`page_number` is the page that will be asked for."""
        super().__init__(*args, **kwargs)
        self.bound = (max(page_number, 1) + LOOKAHEAD_PAGES) * self.per_page

    @cached_property
    def count(self) -> int:
        """Rows up to the last page that is offered: at most `bound`."""
        rows: Any = self.object_list
        # Keys alone: what the list annotates costs a look-up a row.
        return int(rows.order_by().values("pk")[: self.bound].count())

    @property
    def has_more(self) -> bool:
        """Whether there may be more rows than `count`."""
        return self.count >= self.bound
