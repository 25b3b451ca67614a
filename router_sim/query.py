"""Query words of print: a small stack machine that decides for each record whether it is shown.

Every word pushes a truth value: `name` (has the property), `-name` (has it not), `name=x` or
`=name=x` (equal), `<name=x`, `>name=x`; a word `#...` works on the stack. A record passes when no
false value is left.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from router_sim.durations import parse_duration
from router_sim.network import ipv4
from router_sim.values import BadValue

Record = Mapping[str, str]
_OPERATIONS = re.compile(r"(\d+)|(.)", re.ASCII | re.DOTALL)
_BOOLEANS = {"yes": "true", "no": "false"}


@dataclass(frozen=True, slots=True)
class Query:
    """Prepared query words.

    `equals` are the conditions every passing record must meet, for indexes; `names` the properties the
    words look at: the others of a record do not matter.
    """

    passes: Callable[[Record], bool]
    equals: Mapping[str, str]
    names: Collection[str]


def compile_query(words: Sequence[str], booleans: Collection[str] = ()) -> Query:
    """Prepare query words, each without its leading `?`.

    `booleans` are the properties whose values may be asked for as `yes` and `no`.
    """
    if any(word.startswith("#") for word in words):
        steps = [_step(word, booleans) for word in words]

        def passes(record: Record) -> bool:
            stack: list[bool] = []
            for step in steps:
                step(stack, record)
            return all(stack)

        return Query(passes, {}, {_name(word) for word in words})
    equals = dict(filter(None, map(_equality, words)))
    if len(words) == 1:
        return Query(_condition(words[0], booleans), equals, (_name(words[0]),))
    conditions = [_condition(word, booleans) for word in words]
    return Query(
        lambda record: all(test(record) for test in conditions), equals, {_name(word) for word in words}
    )


def _name(word: str) -> str:
    """The property a query word looks at."""
    return (word[1:] if word[:1] in "<>-=" else word).partition("=")[0]


def _equality(word: str) -> tuple[str, str] | None:
    if word[:1] in "<>-#" or "=" not in word:
        return None
    name, _, value = word.removeprefix("=").partition("=")
    return name, value


def _step(word: str, booleans: Collection[str]) -> Callable[[list[bool], Record], None]:
    if word.startswith("#"):
        operations = [(match[1], match[2]) for match in _OPERATIONS.finditer(word[1:])]
        return lambda stack, record: _operate(stack, operations)
    test = _condition(word, booleans)
    return lambda stack, record: stack.append(test(record))


def _condition(word: str, booleans: Collection[str]) -> Callable[[Record], bool]:
    sign = word[:1]
    if sign in ("<", ">"):
        name, _, value = word[1:].partition("=")
        return lambda record: name in record and _ordered(record[name], value, sign)
    equality = _equality(word)
    if equality is not None:
        name, value = equality
        if name == ".id":
            value = value.upper()
        elif name in booleans:
            value = _BOOLEANS.get(value, value)
        return lambda record: record.get(name) == value
    if sign == "-":
        absent = word[1:]
        return lambda record: absent not in record
    present = word.removeprefix("=")
    return lambda record: present in record


def _operate(stack: list[bool], operations: Sequence[tuple[str, str]]) -> None:
    """Run one `#` word. The stack is as deep as one likes: below its end everything is true."""

    def pop() -> bool:
        return stack.pop() if stack else True

    for position, (index, sign) in enumerate(operations):
        if index:
            # Bounded before conversion: no stack is that deep, and digits may be endless.
            depth = int(index[:6])
            value = stack[-1 - depth] if depth < len(stack) else True
            if position == len(operations) - 1:
                stack[:] = [value]
            else:
                stack.append(value)
        elif sign == "!":
            stack.append(not pop())
        elif sign == "&":
            first, second = pop(), pop()
            stack.append(first and second)
        elif sign == "|":
            first, second = pop(), pop()
            stack.append(first or second)
        elif sign == "." and not (position and operations[position - 1][0]):
            stack.append(stack[-1] if stack else True)


def _ordered(held: str, asked: str, sign: str) -> bool:
    for measure in (_integer, parse_duration, _address):
        try:
            left, right = measure(held), measure(asked)
        except (ValueError, BadValue):
            continue
        return left < right if sign == "<" else left > right
    return held < asked if sign == "<" else held > asked


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _address(text: str) -> int:
    return int(ipv4(text.partition("/")[0]))
