import pytest
from hypothesis import given
from hypothesis import strategies as st

from router_sim.query import compile_query

ETHER = {".id": "*1", "name": "ether1", "type": "ether", "actual-mtu": "1500", "running": "true"}
LOOPBACK = {
    ".id": "*A",
    "name": "lo",
    "type": "loopback",
    "actual-mtu": "65536",
    "running": "true",
    "comment": "x",
}
BOOLEANS = ("running", "disabled")


def chosen(*words: str) -> list[str]:
    query = compile_query(words, BOOLEANS)
    return [row["name"] for row in (ETHER, LOOPBACK) if query.passes(row)]


# The first eight were recorded on a router with these two interfaces.
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("type=ether",), ["ether1"]),
        (("type=ether", "#!"), ["lo"]),
        (("type=ether", "type=loopback", "#|"), ["ether1", "lo"]),
        ((">actual-mtu=1000",), ["ether1", "lo"]),
        (("running",), ["ether1", "lo"]),
        (("-running",), []),
        (("type=ether", "running"), ["ether1"]),
        (("=type=ether",), ["ether1"]),
        (("<actual-mtu=2000",), ["ether1"]),
        ((">actual-mtu=1500",), ["lo"]),
        (("running=yes",), ["ether1", "lo"]),
        (("=running=true",), ["ether1", "lo"]),
        (("running=no",), []),
        ((".id=*1",), ["ether1"]),
        ((".id=*a",), ["lo"]),
        (("comment",), ["lo"]),
        (("-comment",), ["ether1"]),
        ((">comment=",), ["lo"]),
        (("comment=",), []),
        (("name=lo", "name=ether1"), []),
        (("name=lo", "name=ether1", "#|!"), []),
        (("name=lo", "name=ether1", "#&"), []),
        (("name=lo", "name=ether1", "#&!"), ["ether1", "lo"]),
        (("name=lo", "#0.!", "#|"), ["ether1", "lo"]),
        (("name=lo", "name=ether1", "#1"), ["lo"]),
        (("name=lo", "name=ether1", "#0"), ["ether1"]),
        (("name=lo", "name=ether1", "#9"), ["ether1", "lo"]),
        (("#|",), ["ether1", "lo"]),
        (("name=lo", "#.&"), ["lo"]),
        ((), ["ether1", "lo"]),
    ],
)
def test_words_choose_the_records(words: tuple[str, ...], names: list[str]) -> None:
    assert chosen(*words) == names


def test_times_and_addresses_are_compared_by_size() -> None:
    row = {"uptime": "1h", "address": "10.0.0.9/24", "name": "b"}
    assert compile_query([">uptime=59m"]).passes(row)
    assert not compile_query([">uptime=1d"]).passes(row)
    assert compile_query(["<address=10.0.0.10"]).passes(row)
    assert compile_query([">name=a"]).passes(row)


def test_only_booleans_have_two_spellings() -> None:
    assert not compile_query(["name=yes"], BOOLEANS).passes({"name": "true"})
    assert compile_query(["disabled=yes"], BOOLEANS).passes({"disabled": "true"})


def test_plain_equalities_are_told_to_the_index_and_stack_work_is_not() -> None:
    assert compile_query(["name=a", "=.id=*1", "running"]).equals == {"name": "a", ".id": "*1"}
    assert compile_query(["name=a", "#!"]).equals == {}


@given(st.lists(st.text(alphabet="ab=<>-#0129!&|.", max_size=8), max_size=6))
def test_no_word_whatever_breaks_it(words: list[str]) -> None:
    assert isinstance(compile_query(words).passes({"a": "b", "b": "1"}), bool)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_records_pass_when_all_words_hold(truths: list[bool]) -> None:
    words = ["a" if truth else "-a" for truth in truths]
    assert compile_query(words).passes({"a": "1"}) is all(truths)
    assert compile_query([*words, "#" + "|" * (len(truths) - 1)]).passes({"a": "1"}) is any(truths)
