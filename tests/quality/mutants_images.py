"""Mutants of images: what is taken, what is kept, what is served to whom."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from PIL import Image

from reference_impl import images, instances
from reference_impl.errors import ApiError, invalid
from reference_impl.records import InstanceRecord
from reference_impl.schemas import ImageKind, InstanceUpdate
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.store import Store
from tests.quality.mutants_stage import Call, Inside, Mutant, Reply, Stage, on_reply, through

Normalise = Callable[[bytes, ImageKind], bytes]


def _normalises(make: Callable[[Normalise], Normalise]) -> Callable[[Stage], None]:
    """Another function decides what picture is stored; it is given the one of the reference."""

    def apply(stage: Stage) -> None:
        stage.patch(instances, "normalise", make(images.normalise))

    return apply


def _size_check(check: Callable[[int, int, ImageKind], bool]) -> Callable[[Stage], None]:
    """Pictures are fit when `check(width, height, kind)` says so."""

    def apply(stage: Stage) -> None:
        def checked(picture: Image.Image, kind: ImageKind) -> None:
            if not check(*picture.size, kind):
                raise invalid("The picture does not fit.", "image_invalid")

        stage.patch(images, "_check_size", checked)

    return apply


def _fits(
    width: int,
    height: int,
    kind: ImageKind,
    *,
    logo: tuple[int, int] = (120, 80),
    icon: int = 32,
    square: bool = True,
) -> bool:
    if kind == "logo":
        return width >= logo[0] and height >= logo[1]
    return width >= icon and height >= icon and (width == height or not square)


def _undecoded(original: Normalise) -> Normalise:
    def take(content: bytes, kind: ImageKind) -> bytes:
        try:
            return original(content, kind)
        except ApiError:
            try:
                with Image.open(io.BytesIO(content)):
                    pass
            except Exception:
                return content or b"empty"
            raise

    return take


def _cut_short(original: Normalise) -> Normalise:
    """The first lines of the picture are enough; what is missing becomes black, as some decoders do."""

    def take(content: bytes, kind: ImageKind) -> bytes:
        try:
            return original(content, kind)
        except ApiError as error:
            if "cut short" not in error.message:
                raise
            return content

    return take


def _puts(change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Callable[[Stage], None]:
    """An upload stores other pictures: `change` turns the arguments of one storing into those of several."""

    def apply(stage: Stage) -> None:
        async def put_image(self: Store, instance_id: str, tenant: str, kind: str, png: bytes) -> bool:
            good = True
            for wanted in change({"instance_id": instance_id, "tenant": tenant, "kind": kind, "png": png}):
                good = await original(self, **wanted) and good
            return good

        original = stage.patch(Store, "put_image", put_image)

    return apply


def _to_all(stage: Stage) -> None:
    async def put_image(self: Store, instance_id: str, tenant: str, kind: str, png: bytes) -> bool:
        for record in await self.instances(tenant):
            await original(self, record.id, tenant, kind, png)
        return True

    original = stage.patch(Store, "put_image", put_image)


def _first_stays(stage: Stage) -> None:
    async def put_image(self: Store, instance_id: str, tenant: str, kind: str, png: bytes) -> bool:
        record = await self.instance(instance_id, tenant)
        if record is not None and any(image.kind == kind for image in record.images):
            return True
        stored: bool = await original(self, instance_id, tenant, kind, png)
        return stored

    original = stage.patch(Store, "put_image", put_image)


def _logo_clears_icon(stage: Stage) -> None:
    async def put_image(self: Store, instance_id: str, tenant: str, kind: str, png: bytes) -> bool:
        stored: bool = await original(self, instance_id, tenant, kind, png)
        if kind == "logo":
            await _drop(self, instance_id, "icon")
        return stored

    original = stage.patch(Store, "put_image", put_image)


async def _drop(store: Store, instance_id: str, *kinds: str) -> None:
    async with store._database.writing() as session:
        record = await session.get(InstanceRecord, await _sequence(store, instance_id))
        assert record is not None
        record.images = [image for image in record.images if image.kind not in kinds]


async def _sequence(store: Store, instance_id: str) -> int:
    record = await store.instance(instance_id)
    assert record is not None
    return record.sequence


def _lost_by_updates(stage: Stage) -> None:
    async def store(self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any) -> Any:
        if await self.instance(identifier, tenant) is not None:
            await _drop(self, identifier, "logo", "icon")
        return await original(self, identifier, tenant, wanted, **more)

    original = stage.patch(Store, "replace", store)


def _outlive_the_instance(stage: Stage) -> None:
    served: dict[tuple[str, str, str], bytes] = {}

    async def image(self: Store, instance_id: str, kind: str, digest: str) -> bytes | None:
        found: bytes | None = await original(self, instance_id, kind, digest)
        if found is not None:
            served[instance_id, kind, digest] = found
        return found or served.get((instance_id, kind, digest))

    original = stage.patch(Store, "image", image)


def _icon_shows_logo(stage: Stage) -> None:
    """The link of the icon leads to the logo."""

    async def image(self: Store, instance_id: str, kind: str, digest: str) -> bytes | None:
        record = await self.instance(instance_id)
        for candidate in record.images if record else ():
            if candidate.kind == "logo":
                kind, digest = candidate.kind, candidate.digest
        found: bytes | None = await original(self, instance_id, kind, digest)
        return found

    original = stage.patch(Store, "image", image)


def _signature_unread(stage: Stage) -> None:
    stage.patch(LinkSigner, "check", lambda self, path, expires, signature: None)


def _signature_read_by_its_start(stage: Stage) -> None:
    def check(self: LinkSigner, path: str, expires: str, signature: str) -> None:
        genuine = self._paths.get_signature(f"{path}?expires={expires}").decode()
        original(self, path, expires, genuine if signature[:4] == genuine[:4] else signature)

    original = stage.patch(LinkSigner, "check", check)


async def _icons_need_the_token(call: Call, inside: Inside, settings: Settings) -> Reply:
    if call.operation == "asset" and "/icon_" in call.path and "authorization" not in call.headers:
        return Reply(401, {}).with_json({"type": "authentication_error", "message": "Send a token."})
    return await inside(call)


async def _banners_are_logos(call: Call, inside: Inside, settings: Settings) -> Reply:
    if call.operation == "uploadInstanceImage" and call.path.endswith("/banner"):
        call = replace(call, path=call.path.removesuffix("banner") + "logo")
    return await inside(call)


def _status(status: int) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, status=status)


def _refuses_smallest(kind: str) -> Callable[[Stage], None]:
    sides = {"logo": (120, 80), "icon": (32, 32)}[kind]
    return _size_check(lambda w, h, k: _fits(w, h, k) and not (k == kind and (w, h) == sides))


def _as_kind(kind: str) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    return lambda wanted: [wanted, {**wanted, "kind": kind}]


_CLASS: Final = "images"

MUTANTS: tuple[Mutant, ...] = (
    Mutant("the smallest logo is refused", _CLASS, "IMG-01", _refuses_smallest("logo")),
    Mutant("upload is answered 200", _CLASS, "IMG-01", on_reply("uploadInstanceImage", change=_status(200))),
    Mutant("the smallest icon is refused", _CLASS, "IMG-02", _refuses_smallest("icon")),
    Mutant("upload is answered 201", _CLASS, "IMG-02", on_reply("uploadInstanceImage", change=_status(201))),
    Mutant("the icon shows the logo", _CLASS, "IMG-03", _icon_shows_logo, budget=150),
    Mutant(
        "icons are only for callers with a token",
        _CLASS,
        "IMG-03",
        through(_icons_need_the_token),
        budget=150,
    ),
    Mutant("signature is not read", _CLASS, "IMG-04", _signature_unread),
    Mutant("signature is read by its start", _CLASS, "IMG-04", _signature_read_by_its_start),
    Mutant(
        "icons need not be square",
        _CLASS,
        "IMG-05",
        _size_check(lambda w, h, k: _fits(w, h, k, square=False)),
    ),
    Mutant(
        "icons may be a little oblong",
        _CLASS,
        "IMG-05",
        _size_check(lambda w, h, k: (_fits(w, h, k, square=False) and abs(w - h) < 2) or _fits(w, h, k)),
    ),
    Mutant("icons may be 31 wide", _CLASS, "IMG-06", _size_check(lambda w, h, k: _fits(w, h, k, icon=31))),
    Mutant(
        "logos may be a pixel short",
        _CLASS,
        "IMG-07",
        _size_check(lambda w, h, k: _fits(w, h, k, logo=(119, 79))),
    ),
    Mutant(
        "logos may be of any height",
        _CLASS,
        "IMG-07",
        _size_check(lambda w, h, k: _fits(w, h, k, logo=(120, 1))),
    ),
    Mutant("files are not decoded", _CLASS, "IMG-08", _normalises(_undecoded)),
    Mutant("pictures may end in the middle", _CLASS, "IMG-08", _normalises(_cut_short)),
    Mutant("a banner becomes the logo", _CLASS, "IMG-09", through(_banners_are_logos)),
    Mutant("an upload goes to all instances", _CLASS, "IMG-10", _to_all),
    Mutant("a logo becomes the icon too", _CLASS, "IMG-10", _puts(_as_kind("icon"))),
    Mutant("a logo takes the icon away", _CLASS, "IMG-10", _logo_clears_icon),
    Mutant("an update takes images away", _CLASS, "IMG-11", _lost_by_updates, budget=150),
    Mutant("images outlive the instance", _CLASS, "IMG-12", _outlive_the_instance),
    Mutant("the first upload stays", _CLASS, "IMG-13", _first_stays, budget=150),
)
