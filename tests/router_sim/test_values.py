import pytest
from hypothesis import given
from hypothesis import strategies as st

from router_sim import durations
from router_sim.network import (
    Address,
    AddressOrName,
    AddressRange,
    Endpoint,
    InterfaceAddress,
    Mac,
    Ports,
    Prefix,
)
from router_sim.values import (
    BadValue,
    Bool,
    Choice,
    Duration,
    Flags,
    Int,
    Listed,
    Matcher,
    Optional,
    Policy,
    RateLimit,
    Reference,
    Text,
    ValueType,
    Words,
)

LOGIN_BY = Flags(("mac", "cookie", "http-chap", "https", "http-pap", "trial", "mac-cookie"))
POLICY = Policy(("local", "ftp", "read", "write", "api"))
TIME_OR_NONE = Words(("none",), Duration(), zero="none")

PRINTED = [
    (Bool(), "yes", "true"),
    (Bool(), "true", "true"),
    (Bool(), "no", "false"),
    (Bool(), "false", "false"),
    (Int(), "007", "7"),
    (Int(), str(2**64 - 1), str(2**64 - 1)),
    (Int(unit="KiB"), "2048KiB", "2048"),
    (Int(base16=True), "0x8000", "0x8000"),
    (Int(base16=True), "32768", "0x8000"),
    (Duration(), "0", "0s"),
    (Duration(), "90", "1m30s"),
    (Duration(), "1.5", "1s500ms"),
    (Duration(), "01:02", "1h2m"),
    (Duration(), "01:02:03", "1h2m3s"),
    (Duration(), "00:00:01.1", "1s100ms"),
    (Duration(), "1d00:00:00", "1d"),
    (Duration(), "1d 00:00:00", "1d"),
    (Duration(), "2w1d01:00:00", "2w1d1h"),
    (Duration(), "1w2d3h4m5s", "1w2d3h4m5s"),
    (Duration(), "453us", "453us"),
    (Duration(), "1s100ms", "1s100ms"),
    (Duration(), "26h", "1d2h"),
    (Duration(), "60m", "1h"),
    (Duration(), "28d", "4w"),
    (TIME_OR_NONE, "none", "none"),
    (TIME_OR_NONE, "0", "none"),
    (TIME_OR_NONE, "00:05:00", "5m"),
    (Words(("immediately", "never"), Duration(), zero="immediately"), "never", "never"),
    (Words(("unlimited",), Int(1)), "unlimited", "unlimited"),
    (Words(("unlimited",), Int(1)), "3", "3"),
    (Address(), "10.0.0.1", "10.0.0.1"),
    (Endpoint(), "10.0.0.1:8080", "10.0.0.1:8080"),
    (Endpoint(), "10.0.0.1", "10.0.0.1:0"),
    (InterfaceAddress(), "10.0.0.111/24", "10.0.0.111/24"),
    (InterfaceAddress(), "10.0.0.111", "10.0.0.111/32"),
    (InterfaceAddress(), "10.0.0.111/255.255.255.0", "10.0.0.111/24"),
    (Prefix(), "10.0.0.111/24", "10.0.0.0/24"),
    (Prefix(), "0.0.0.0/0", "0.0.0.0/0"),
    (AddressRange(), "10.5.50.2-10.5.50.254", "10.5.50.2-10.5.50.254"),
    (AddressRange(), "10.5.50.2-10.5.50.2", "10.5.50.2"),
    (AddressRange(), "10.5.50.2/32", "10.5.50.2"),
    (AddressRange(), "10.5.50.2/24", "10.5.50.0/24"),
    (AddressOrName(), "www.example.com", "www.example.com"),
    (AddressOrName(), "10.5.50.2/32", "10.5.50.2"),
    (Mac(), "aa:bb:cc:dd:ee:ff", "AA:BB:CC:DD:EE:FF"),
    (Mac(), "aa-bb-cc-dd-ee-ff", "AA:BB:CC:DD:EE:FF"),
    (Mac(), "AA.BB.CC.DD.EE.FF", "AA:BB:CC:DD:EE:FF"),
    (Mac(), "aabbccddeeff", "AA:BB:CC:DD:EE:FF"),
    (LOGIN_BY, "http-chap,cookie", "cookie,http-chap"),
    (LOGIN_BY, "mac-cookie,https,http-pap,cookie", "cookie,https,http-pap,mac-cookie"),
    (LOGIN_BY, "", ""),
    (POLICY, "write,read", "read,write,!local,!ftp,!api"),
    (POLICY, "api,!read,read", "api,!local,!ftp,!read,!write"),
    (Matcher(Ports()), "!123", "!123"),
    (Matcher(Ports()), "0-65535", "0-65535"),
    (Matcher(Text()), "", ""),
    (Matcher(Text()), "*.example.com", "*.example.com"),
    (Listed(Ports()), "80,443,8000-8080", "80,443,8000-8080"),
    (Optional(Mac()), "", ""),
    (RateLimit(), "512k/1M", "512k/1M"),
    (RateLimit(), "1", "1"),
    (
        RateLimit(),
        "64k/64k 256k/256k 128k/128k 10/10 5 32k/32k",
        "64k/64k 256k/256k 128k/128k 10/10 5 32k/32k",
    ),
    (Text(), "a=b,\r\n\udcff", "a=b,\r\n\udcff"),
    (Reference("/ip/pool", ("none",)), "none", "none"),
]

REFUSED = [
    (Bool(), "maybe", "input does not match any value of x"),
    (Choice(("allow", "deny")), "Allow", "input does not match any value of x"),
    (LOGIN_BY, "cookie,magic", "input does not match any value of x"),
    (POLICY, "read,fly", "input does not match any value of x"),
    (Int(), "-1", "invalid value for argument x"),
    (Int(), "1e3", "invalid value for argument x"),
    (Int(), "", "invalid value for argument x"),
    (Int(1, 4095), "4096", "value of x out of range (1..4095)"),
    (Duration(), "", "invalid value for argument x"),
    (Duration(), "5x", "invalid value for argument x"),
    (Duration(), "1m2h", "invalid value for argument x"),
    (Duration(), "00:61:00", "invalid value for argument x"),
    (
        Duration(10 * durations.SECOND, durations.DAY),
        "9s",
        "value of x is out of range (00:00:10 .. 1d00:00:00)",
    ),
    (Address(), "10.0.0.256", "invalid value for argument x"),
    (Address(), "10.0.0.1/24", "invalid value for argument x"),
    (InterfaceAddress(), "10.0.0.1/33", "invalid value for argument x"),
    (InterfaceAddress(), "10.0.0.1/255.0.255.0", "invalid value for argument x"),
    (AddressRange(), "10.5.50.2-", "value of range must have ip address after '-'"),
    (
        AddressRange(),
        "somewhere",
        "invalid value for argument x\r\ninvalid value of range, expects range of ip addresses",
    ),
    (
        AddressRange(),
        "10.5.50.9-10.5.50.2",
        "invalid value for argument x\r\ninvalid value of range, expects range of ip addresses",
    ),
    (Mac(), "aa:bb:cc:dd:ee", "invalid value of x, mac address required"),
    (Mac(), "aa:bb-cc:dd:ee:ff", "invalid value of x, mac address required"),
    (Ports(), "65536", "value of x out of range (0..65535)"),
    (Ports(), "90-80", "invalid value for argument x"),
    (Listed(Address(), low=1), "", "invalid value for argument x"),
    (RateLimit(), "fast", "invalid value for argument x"),
    (Reference("/ip/pool", ("none",)), "pool9", "input does not match any value of x"),
]

TYPES: list[ValueType] = list({repr(kind): kind for kind, _, _ in PRINTED}.values())
INPUTS = sorted({text for _, text, _ in PRINTED} | {text for _, text, _ in REFUSED})


@pytest.mark.parametrize(("kind", "text", "printed"), PRINTED)
def test_each_accepted_form_is_printed_canonically(kind: ValueType, text: str, printed: str) -> None:
    assert kind.parse(text) == printed


@pytest.mark.parametrize(("kind", "text", "words"), REFUSED)
def test_what_does_not_fit_is_refused_in_the_routers_words(kind: ValueType, text: str, words: str) -> None:
    with pytest.raises(BadValue) as refusal:
        kind.parse(text)
    assert refusal.value.describe("x") == words


@given(st.sampled_from(TYPES), st.sampled_from(INPUTS) | st.text(max_size=30))
def test_parsing_a_printed_value_changes_nothing_and_nothing_else_ever_happens(
    kind: ValueType, text: str
) -> None:
    try:
        printed = kind.parse(text)
    except BadValue:
        return
    assert kind.parse(printed) == printed


@given(
    st.integers(0, 10**6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999)
)
def test_all_forms_of_a_time_mean_the_same(
    days: int, hours: int, minutes: int, seconds: int, us: int
) -> None:
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    expected = whole * durations.SECOND + us
    colon = f"{days}d{hours:02d}:{minutes:02d}:{seconds:02d}.{us:06d}"
    units = f"{days}d{hours}h{minutes}m{seconds}s{us // 1000}ms{us % 1000}us"
    for form in (colon, colon.replace("d", "d "), units, f"{whole}.{us:06d}"):
        assert durations.parse_duration(form) == expected
    assert durations.parse_duration(durations.format_duration(expected)) == expected


@given(st.lists(st.sampled_from(LOGIN_BY.order)))
def test_the_order_of_flags_is_that_of_the_type(words: list[str]) -> None:
    printed = [word for word in LOGIN_BY.parse(",".join(words)).split(",") if word]
    assert set(printed) == set(words)
    assert printed == sorted(printed, key=LOGIN_BY.order.index)


@given(st.binary(min_size=6, max_size=6), st.sampled_from([":", "-", ".", ""]))
def test_a_hardware_address_survives_any_notation(address: bytes, separator: str) -> None:
    text = separator.join(f"{byte:02x}" for byte in address)
    assert Mac().parse(text) == ":".join(f"{byte:02X}" for byte in address)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_network_has_no_host_bits_and_keeps_its_length(address: int, length: int) -> None:
    text = ".".join(str(byte) for byte in address.to_bytes(4, "big"))
    printed = Prefix().parse(f"{text}/{length}")
    network, _, kept = printed.partition("/")
    number = int.from_bytes(bytes(int(part) for part in network.split(".")), "big")
    assert int(kept) == length
    assert number >> (32 - length) == address >> (32 - length)
    assert number & ((1 << (32 - length)) - 1) == 0


def test_time_left_is_rounded_up_and_time_spent_down() -> None:
    assert durations.format_remaining(59.2) == "1m"
    assert durations.format_elapsed(59.8) == "59s"
    assert durations.format_remaining(-3) == "0s"
    assert durations.format_elapsed(28799.9999998) == "8h"
    assert durations.format_remaining(3600.0000002) == "1h"
