"""Whatever a caller sends to the resources, the answer is one that the API has; nothing breaks the service."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference_impl.conftest import SITE, Api, refused
from tests.reference_impl.test_auth_integrations import AZURE, integrate
from tests.reference_impl.test_coupon_schedules import DAILY, arrange
from tests.reference_impl.test_walled_garden import ENTRY, enter

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [2**31, 2**63, -(2**63) - 1, 10**100, "\0", "\ud800", "'; --", "a" * 300, "saml2", "monthly"]
    )
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BATCH = {"count": 2, "minutes_valid": 60}


def bodies(valid: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The valid body with some of its properties replaced by anything."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(valid, VALUES)).map(lambda odd: valid | odd)


@MANY
@given(
    integration=bodies(AZURE),
    config=bodies(AZURE["config"]),
    schedule=bodies(DAILY | {"day_of_week": 1, "day_of_month": 1}),
    entry=bodies(ENTRY),
    batch=bodies(BATCH),
)
async def test_no_body_breaks_a_resource(
    api: Api,
    integration: dict[str, Any],
    config: dict[str, Any],
    schedule: dict[str, Any],
    entry: dict[str, Any],
    batch: dict[str, Any],
) -> None:
    path, _ = await arrange(api)
    instance = path.partition("/coupon-schedules")[0]
    made, entered = await integrate(api), await enter(api)
    attempts = [
        ("POST", "/auth-integrations", integration),
        ("PUT", f"/auth-integrations/{made['id']}", AZURE | {"config": config}),
        ("POST", path.rpartition("/")[0], schedule),
        ("PUT", path, schedule),
        ("POST", f"/walled-garden/{SITE}", entry),
        ("PUT", f"/walled-garden/{SITE}/{entered['id']}", entry),
        ("POST", f"{instance}/coupons", batch),
    ]
    for method, place, body in attempts:
        answer = await api.send(
            method, place, content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (200, 201, 400), (place, body, answer.text)
        if answer.status_code == 400:
            refused(answer, 400)


@MANY
@given(
    part=st.text(min_size=1).filter(lambda text: text not in (".", "..")),
    query=st.dictionaries(st.sampled_from(["sid", "expires", "signature"]), st.text(), max_size=3),
)
async def test_no_path_or_query_breaks_a_resource(api: Api, part: str, query: dict[str, str]) -> None:
    segment = quote(part.encode("utf-8", "surrogatepass"), safe="")
    for place in (
        f"/auth-integrations/{segment}",
        f"/instances/{segment}/coupons",
        f"/instances/{segment}/coupon-schedules/{segment}/generate_url",
        f"/walled-garden/{segment}",
        f"/walled-garden/{SITE}/{segment}",
    ):
        answer = await api.send("GET", place)
        assert answer.status_code in (400, 404), (place, answer.text)
        refused(answer, answer.status_code)
    answer = await api.send("GET", "/coupons", params=query)
    assert answer.status_code in (400, 403), answer.text
    refused(answer, answer.status_code)
