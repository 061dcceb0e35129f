"""What the expanded template must keep. A rule yields its violations; its docstring says what to do about them."""

from collections.abc import Callable, Iterator

from template import Template

Rule = Callable[[Template], Iterator[str]]
