"""Images: what is uploaded is served by a signed URL; what breaks the documented rules never becomes the image."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.pictures import Colour, Picture, look, paint
from contract_tests.resources import pauses
from contract_tests.verifier import CannotTell, Verifier

RED: Colour = (200, 30, 30)
GREEN: Colour = (20, 160, 60)
BLUE: Colour = (30, 60, 200)
YELLOW: Colour = (230, 210, 40)
PURPLE: Colour = (140, 20, 140)

_LEAST_WAIT = 0.4  # seconds to wait for a picture that should not come, when good ones come at once


class Gallery:
    """Looks at the images of instances through the URLs in their themes, and remembers how long they take."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._slowest = 0.0

    @property
    def patience(self) -> float:
        return max(_LEAST_WAIT, 3 * self._slowest)

    def url(self, instance: Mapping[str, Any], image_type: str) -> str | None:
        """The URL in the theme now, None without one."""
        body = self._context.instances.read(instance["id"], purpose=f"look for the {image_type}").json()
        theme = body.get("theme") if isinstance(body, dict) else None
        url = theme.get(image_type) if isinstance(theme, dict) else None
        return url if isinstance(url, str) and urlsplit(url).scheme in ("http", "https") else None

    def fetch(self, url: str, image_type: str) -> Answer:
        """GET the URL without the token; from the target itself where its public host is out of reach from here.

        Raises `CannotTell` if neither answers.
        """
        purpose = f"fetch the {image_type} without the token"
        answer = self._context.client.fetch(url, purpose=purpose)
        given, target = urlsplit(url), urlsplit(self._context.config.target.base_url)
        if answer.status is not None or given.netloc == target.netloc:
            return answer
        at_target = urlunsplit(given._replace(scheme=target.scheme, netloc=target.netloc))
        answer = self._context.client.fetch(at_target, purpose=purpose)
        if not answer.ok:
            raise CannotTell(f"images are served by {given.netloc}, which does not answer from here")
        return answer

    def shown(self, instance: Mapping[str, Any], image_type: str) -> tuple[Picture | None, Answer | None]:
        """The picture that is served now."""
        url = self.url(instance, image_type)
        if url is None:
            return None, None
        answer = self.fetch(url, image_type)
        return (look(answer.body) if answer.ok else None), answer

    def wait_for(
        self, instance: Mapping[str, Any], image_type: str, colour: Colour
    ) -> tuple[Picture | None, Answer | None]:
        """Until the picture of this colour is served (processing may take its time), or patience ends."""
        begun = time.monotonic()
        picture, answer = self.shown(instance, image_type)
        for pause in pauses(self._context.instances.settle_timeout):
            if picture is not None and picture.shows(colour):
                self._slowest = max(self._slowest, time.monotonic() - begun)
                break
            time.sleep(pause)
            picture, answer = self.shown(instance, image_type)
        return picture, answer

    def ever_shows(self, instance: Mapping[str, Any], image_type: str, colour: Colour) -> bool:
        """Does the picture of this colour come up within the patience that good ones needed?"""
        for pause in pauses(self.patience, first=self.patience / 4):
            time.sleep(pause)
            picture, _ = self.shown(instance, image_type)
            if picture is not None and picture.shows(colour):
                return True
        return False


@pytest.fixture
def gallery(context: Context) -> Gallery:
    return Gallery(context)


@pytest.mark.verifies(
    "IMG-01", "IMG-02", "IMG-03", "IMG-04", "IMG-10", "IMG-11", "IMG-12", "IMG-13", "WIRE-05"
)
def test_images_are_stored_and_served(
    context: Context, instances: Instances, verify: Verifier, gallery: Gallery
) -> None:
    """Logo and icon of one instance, replaced, kept over an update, gone with the instance; another one without."""
    instance, other = instances.make("pictures"), instances.make("no pictures")
    for requirement, image_type, size, colour in (
        ("IMG-01", "logo", (120, 80), RED),
        ("IMG-02", "icon", (32, 32), BLUE),
    ):
        answer = instances.upload(
            instance["id"],
            image_type,
            paint(*size, colour),
            purpose=f"upload a {image_type} of {size[0]}x{size[1]}",
        )
        verify.check(
            requirement,
            answer.status == 202,
            f"a valid {image_type} was answered {answer.text}; expected 202",
        )
        if not answer.ok:
            raise CannotTell(f"no {image_type} could be uploaded: {answer.text}")
    for image_type, colour in (("logo", RED), ("icon", BLUE)):
        picture, served = gallery.wait_for(instance, image_type, colour)
        verify.check(
            "IMG-03",
            picture is not None and picture.shows(colour),
            f"theme.{image_type} serves {_said(picture, served)}; expected a picture of colour {colour}",
        )
    verify.check(
        "IMG-10",
        not _shows_any(gallery, other, (RED, BLUE)),
        "the images of one instance show up in another",
    )
    _altered_signature(verify, gallery, instance)
    update = instances.change(instance, purpose="update an instance with images", terms_text="With pictures.")
    if update.ok:
        logo, served = gallery.wait_for(instance, "logo", RED)
        verify.check(
            "IMG-11",
            logo is not None and logo.shows(RED),
            f"after an update theme.logo serves {_said(logo, served)}; expected the logo as before",
        )
    second = instances.upload(instance["id"], "logo", paint(240, 160, GREEN), purpose="upload another logo")
    if second.ok:
        logo, served = gallery.wait_for(instance, "logo", GREEN)
        verify.check(
            "IMG-13",
            logo is not None and logo.shows(GREEN),
            f"after a second upload theme.logo serves {_said(logo, served)}; expected the second picture",
        )
        icon, served = gallery.shown(instance, "icon")
        verify.check(
            "IMG-10",
            icon is not None and icon.shows(BLUE),
            f"after an upload of a logo theme.icon serves {_said(icon, served)}; expected the icon as before",
        )
    url = gallery.url(instance, "logo")
    if instances.delete(instance["id"]).ok and url is not None:
        answer = gallery.fetch(url, "logo")
        verify.check("IMG-12", not answer.ok, f"the logo of a deleted instance was answered {answer.status}")
    instances.delete(other["id"])


def _said(picture: Picture | None, answer: Answer | None) -> str:
    if picture is not None:
        return f"a picture of {picture.width}x{picture.height}, colour {picture.colour}"
    if answer is None:
        return "no URL"
    return f"{answer.status} {answer.media_type}, no picture" if answer.ok else answer.text[:160]


def _shows_any(gallery: Gallery, instance: Mapping[str, Any], colours: tuple[Colour, ...]) -> bool:
    for image_type in ("logo", "icon"):
        picture, _ = gallery.shown(instance, image_type)
        if picture is not None and any(picture.shows(colour) for colour in colours):
            return True
    return False


def _altered_signature(verify: Verifier, gallery: Gallery, instance: Mapping[str, Any]) -> None:
    url = gallery.url(instance, "logo")
    parts = urlsplit(url or "")
    query = dict(parse_qsl(parts.query))
    names = [name for name in query if "sig" in name.lower()]
    if not names:
        verify.cannot_tell("IMG-04", "the URL of the logo has no query parameter that is a signature")
        return
    signature = query[names[0]]
    # Not the last character: in base64 it may carry bits that mean nothing.
    middle = len(signature) // 2
    query[names[0]] = (
        signature[:middle] + ("0" if signature[middle] != "0" else "1") + signature[middle + 1 :]
    )
    answer = gallery.fetch(
        urlunsplit(parts._replace(query=urlencode(query))), "logo with an altered signature"
    )
    picture = look(answer.body) if answer.ok else None
    verify.check(
        "IMG-04",
        picture is None,
        f"the logo with an altered signature was answered {answer.status} with the picture",
    )


def _never_taken(
    instances: Instances,
    verify: Verifier,
    gallery: Gallery,
    instance: Mapping[str, Any],
    requirement: str,
    image_type: str,
    content: bytes,
    colour: Colour,
    what: str,
    media_type: str = "image/png",
) -> None:
    """The upload is refused, or accepted and never served; what was served before stays in place or goes."""
    answer = instances.upload(
        instance["id"], image_type, content, purpose=f"upload {what}", media_type=media_type
    )
    if answer.refused:
        verify.check(requirement, True, f"{what} was refused: {answer.status}")
        return
    taken = answer.ok and gallery.ever_shows(instance, image_type, colour)
    verify.check(
        requirement,
        answer.ok and not taken,
        f"{what} was answered {answer.text}" + (f" and became the {image_type}" if taken else ""),
    )


@pytest.mark.verifies("IMG-05", "IMG-06", "IMG-07", "IMG-08", "IMG-09", "ERR-04")
def test_unfit_images_are_not_taken(
    context: Context, instances: Instances, verify: Verifier, gallery: Gallery
) -> None:
    """Oblong and tiny icons, small logos, files that are no pictures or end too early."""
    instance = instances.make("unfit pictures")
    for image_type, size in (("logo", (160, 100)), ("icon", (64, 64))):
        if instances.upload(
            instance["id"], image_type, paint(*size, GREEN), purpose=f"upload a good {image_type}"
        ).ok:
            gallery.wait_for(instance, image_type, GREEN)
    for size in ((64, 63), (40, 80)):
        verify.start_scenario()
        _never_taken(
            instances, verify, gallery, instance, "IMG-05", "icon", paint(*size, PURPLE), PURPLE,
            f"an icon of {size[0]}x{size[1]}",
        )  # fmt: skip
    verify.start_scenario()
    _never_taken(
        instances,
        verify,
        gallery,
        instance,
        "IMG-06",
        "icon",
        paint(31, 31, YELLOW),
        YELLOW,
        "an icon of 31x31",
    )
    for size in ((119, 80), (120, 79)):
        verify.start_scenario()
        _never_taken(
            instances, verify, gallery, instance, "IMG-07", "logo", paint(*size, RED), RED,
            f"a logo of {size[0]}x{size[1]}",
        )  # fmt: skip
    broken = paint(400, 300, BLUE, "JPEG")
    for what, content, media_type in (
        ("a text file called a picture", b"this is not a picture\n" * 20, "image/png"),
        ("an empty file", b"", "image/png"),
        ("a picture cut off in the middle", broken[: len(broken) // 2], "image/jpeg"),
    ):
        verify.start_scenario()
        _never_taken(instances, verify, gallery, instance, "IMG-08", "logo", content, BLUE, what, media_type)
    for image_type in ("logo", "icon"):
        url = gallery.url(instance, image_type)
        answer = gallery.fetch(url, image_type) if url else None
        if answer is not None and answer.ok:
            picture = look(answer.body)
            verify.check(
                "IMG-08",
                picture is not None,
                f"after uploads of files that are no pictures theme.{image_type} serves {_said(picture, answer)}",
            )
    verify.start_scenario()
    answer = instances.upload(instance["id"], "banner", paint(160, 100, RED), purpose="upload a banner")
    verify.check(
        "IMG-09", answer.refused, f"an image of the type banner was answered {answer.text}; expected 4xx"
    )
    instances.delete(instance["id"])
