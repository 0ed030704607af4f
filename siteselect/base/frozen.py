"""Frozen values as text and back, exactly: what was decided before is kept like this.

The text is JSON, so that reading an entry of a folder that others can write runs no code of theirs.
"""

import base64
import dataclasses
import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def to_text(value: object) -> str:
    """A value as text; equal values give equal text, if their mappings are in the same order.

    Parameters
    ----------
    value : object
        A dataclass, declaration, array, mapping, tuple, list, text, number, boolean or None, and
        what is made of them; in an array of objects text and numbers alone. NaN and infinity are
        numbers too.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If anything else stands in it.

    Examples
    --------
    >>> to_text((1, 0.1, None))
    '[1, 0.1, null]'
    """
    return json.dumps(_plain(value), ensure_ascii=False)


def of_text(kind: type[Value], text: str) -> Value:
    """The value that `to_text` has made a text of.

    Parameters
    ----------
    kind : type
        What it is, as one annotates it. Of several types, only one beside None may be named.
    text : str

    Returns
    -------
    value

    Examples
    --------
    >>> of_text(tuple[int, float | None], to_text((1, None)))
    (1, None)
    """
    made: Value = _made(kind, json.loads(text))
    return made


def _plain(value: Any) -> Any:
    import numpy as np

    plain: Any = value
    if isinstance(value, np.generic):
        plain = value.item()
    elif isinstance(value, np.ndarray):
        content: Any = base64.b64encode(value.tobytes()).decode()
        if value.dtype.hasobject:  # as columns of a table hold text of any length
            content = [_plain(item) for item in value.flat]
            if any(isinstance(item, list) for item in content):
                raise TypeError("an array of arrays is no value that can be kept")
        plain = [value.dtype.str, value.shape, content]
    elif hasattr(value, "model_dump_json"):
        plain = json.loads(value.model_dump_json())
    elif dataclasses.is_dataclass(value):
        plain = [_plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        plain = [[_plain(key), _plain(item)] for key, item in value.items()]
    elif isinstance(value, (tuple, list)):
        plain = [_plain(item) for item in value]
    elif not (value is None or isinstance(value, (str, bool, int, float))):
        raise TypeError(f"{type(value).__name__} is no value that can be kept")
    return plain


def _made(kind: Any, data: Any) -> Any:
    import numpy as np

    origin, parts, made = get_origin(kind) or kind, get_args(kind), data
    if origin in (Union, UnionType):
        (kind,) = (part for part in parts if part is not type(None))
        made = None if data is None else _made(kind, data)
    elif origin is np.ndarray:
        dtype, shape, content = data
        if isinstance(content, str):
            made = np.frombuffer(base64.b64decode(content), dtype).reshape(shape).copy()
        else:
            made = np.array(content, dtype).reshape(shape)
    elif hasattr(origin, "model_validate_json"):
        made = origin.model_validate_json(json.dumps(data))
    elif dataclasses.is_dataclass(origin):
        hints, fields = get_type_hints(origin), dataclasses.fields(origin)
        items = [_made(hints[field.name], item) for field, item in zip(fields, data, strict=True)]
        made = kind(*items)
    elif origin is tuple:
        kinds = parts[:1] * len(data) if parts[1:] == (...,) else parts
        made = tuple(_made(part, item) for part, item in zip(kinds, data, strict=True))
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        made = {_made(parts[0], key): _made(parts[1], item) for key, item in data}
    return made
