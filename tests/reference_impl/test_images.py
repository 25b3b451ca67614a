"""Pictures: what is accepted, what is stored, and the signed links that lead to it."""

import hashlib
import io
import re
import sqlite3
from binascii import crc32
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image, PngImagePlugin

from tests.reference_impl.conftest import SITE, UNKNOWN, Api, TurnedClock, refused


def picture(size: Any = (200, 100), kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    output = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(output, kind, **options)
    return output.getvalue()


async def upload(api: Api, instance: str, content: bytes, kind: str = "logo", name: str = "x.txt") -> Any:
    files = {"file": (name, content, "text/plain")}
    return await api.send("POST", f"/instances/{instance}/images/{kind}", files=files)


async def stored(api: Api, instance: str, kind: str = "logo") -> bytes:
    link = (await api.get(instance))["theme"][kind]
    answer = await api.client.get(link, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.content


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
async def test_accepted_formats_become_png(api: Api, kind: str, mode: str) -> None:
    made = await api.create()
    mode = "L" if (kind, mode) == ("JPEG", "P") else mode
    answer = await upload(api, made["id"], picture((120, 80), kind, mode))
    assert (answer.status_code, answer.content) == (202, b"")
    with Image.open(io.BytesIO(await stored(api, made["id"]))) as result:
        assert (result.format, result.size) == ("PNG", (120, 80))
    assert (await api.get(made["id"]))["theme"]["icon"] is None


async def test_cmyk_and_transparency(api: Api) -> None:
    made = await api.create()
    assert (await upload(api, made["id"], picture(kind="JPEG", mode="CMYK"))).status_code == 202
    with Image.open(io.BytesIO(await stored(api, made["id"]))) as result:
        assert result.mode == "RGB"
    clear = io.BytesIO()
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(clear, "WEBP", lossless=True)
    assert (await upload(api, made["id"], clear.getvalue(), "icon")).status_code == 202
    with Image.open(io.BytesIO(await stored(api, made["id"], "icon"))) as result:
        assert result.mode == "RGBA"
        assert result.getpixel((0, 0))[3] == 0


async def test_the_first_frame_of_an_animation_counts(api: Api) -> None:
    made = await api.create()
    frames = [Image.new("RGB", (120, 80), colour) for colour in ("red", "blue")]
    output = io.BytesIO()
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:])
    assert (await upload(api, made["id"], output.getvalue())).status_code == 202
    with Image.open(io.BytesIO(await stored(api, made["id"]))) as result:
        assert result.n_frames == 1
        assert result.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


async def test_metadata_is_left_out_and_orientation_applied(api: Api) -> None:
    made = await api.create()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "SECRETNOTE"
    source = picture((80, 120), "JPEG", exif=exif, comment=b"SECRETNOTE", icc_profile=b"SECRETNOTE" * 20)
    assert (await upload(api, made["id"], source)).status_code == 202
    result = await stored(api, made["id"])
    assert b"SECRETNOTE" not in result
    with Image.open(io.BytesIO(result)) as upright:
        assert upright.size == (120, 80)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRETNOTE")
    await upload(api, made["id"], picture(pnginfo=text))
    chunks = re.findall(rb"tEXt|zTXt|iTXt|eXIf|iCCP|tIME", await stored(api, made["id"]))
    assert chunks == []


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        ("logo", (120, 80), 202),
        ("logo", (119, 80), 400),
        ("logo", (120, 79), 400),
        ("icon", (32, 32), 202),
        ("icon", (31, 31), 400),
        ("icon", (64, 65), 400),
        ("icon", (65, 64), 400),
    ],
)
async def test_sizes(api: Api, kind: str, size: tuple[int, int], status: int) -> None:
    made = await api.create()
    assert (await upload(api, made["id"], picture(size), kind)).status_code == status


GOOD = picture((300, 300))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        GOOD[:-1000],
        GOOD[:60],
        GOOD[:100] + bytes(byte ^ 255 for byte in GOOD[100:200]) + GOOD[200:],
        picture(kind="JPEG")[:-500],
        picture(kind="WEBP")[:-100],
        picture(kind="GIF")[:-500],
        picture(kind="BMP"),
        picture(kind="TIFF"),
        picture(kind="ICO"),
    ],
    ids=lambda content: f"{content[:12]!r}-{len(content)}",
)
async def test_files_that_are_no_whole_picture(api: Api, content: bytes) -> None:
    made = await api.create()
    refused(await upload(api, made["id"], content), 400, "image_invalid")
    assert (await api.get(made["id"]))["theme"]["logo"] is None


async def test_pictures_with_too_many_pixels(api: Api) -> None:
    made = await api.create()
    for size in ((5000, 5001), (12000, 9000), (20000, 20000)):
        header = picture((200, 100))
        bomb = header[:16] + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + header[24:]
        # The check sum of the header has to fit, or the file would be refused as damaged.
        bomb = bomb[:29] + png_sum(bomb[12:29]) + bomb[33:]
        error = refused(await upload(api, made["id"], bomb), 400, "image_invalid")
        assert "25000000 pixels" in error["message"]


def png_sum(chunk: bytes) -> bytes:
    return crc32(chunk).to_bytes(4, "big")


async def test_files_over_the_limit(api: Api) -> None:
    made = await api.create()
    limit = 5 * 1024 * 1024
    exact = picture((200, 100)) + b"\0" * (limit - len(picture((200, 100))))
    assert (await upload(api, made["id"], exact)).status_code == 202
    refused(await upload(api, made["id"], exact + b"\0"), 413)
    refused(await upload(api, made["id"], exact * 2), 413)


async def test_forms_that_cannot_be_used(api: Api) -> None:
    made = await api.create()
    path = f"/instances/{made['id']}/images/logo"
    multipart = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nx\r\n'
    file = part % (b"file", b'; filename="f"')
    bodies = {
        multipart: [
            b"",
            b"--b--\r\n",
            b"nonsense",
            b"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n",
            part % (b"file", b"") + b"--b--\r\n",
            part % (b"other", b'; filename="f"') + b"--b--\r\n",
            file + file + b"--b--\r\n",
            file * 50 + b"--b--\r\n",
            b"--b\r\n\r\nx\r\n--b--\r\n",
        ],
        "multipart/form-data": [b"--b--\r\n"],
        "multipart/form-data; boundary=": [b"x"],
        f"multipart/form-data; boundary={'b' * 5000}": [b"x"],
        multipart + "; charset=undefined": [file + b"--b--\r\n"],
        multipart + "; charset=idna": [part % (b"\xff", b"") + b"--b--\r\n"],
    }
    for media_type, contents in bodies.items():
        for content in contents:
            refused(await api.send("POST", path, content=content, headers={"Content-Type": media_type}), 400)
    for media_type in ("application/json", "image/png", ""):
        refused(await api.send("POST", path, content=b"{}", headers={"Content-Type": media_type}), 415)


async def test_uploads_to_nowhere(api: Api) -> None:
    made = await api.create()
    refused(await upload(api, made["id"], GOOD, "banner"), 400)
    refused(await upload(api, UNKNOWN, GOOD), 404)
    refused(await upload(api, "x", GOOD), 400, "id_malformed")


async def test_a_new_picture_replaces_the_old_and_survives_updates(api: Api) -> None:
    made = await api.create()
    await upload(api, made["id"], picture((120, 80)))
    old_link = (await api.get(made["id"]))["theme"]["logo"]
    old = await stored(api, made["id"])
    await upload(api, made["id"], picture((240, 160)))
    changed = (await api.put(made["id"], theme={"box_color": "#000000"})).json()
    assert hashlib.sha256(await stored(api, made["id"])).digest() != hashlib.sha256(old).digest()
    assert changed["theme"]["logo"] != old_link
    refused(await api.client.get(old_link), 404)


async def test_links_expire_and_cannot_be_forged(api: Api, app: FastAPI, clock: TurnedClock) -> None:
    made = await api.create()
    await upload(api, made["id"], picture())
    await upload(api, made["id"], picture((40, 40)), "icon")
    theme = (await api.get(made["id"]))["theme"]
    link = theme["logo"]
    base, query = link.split("?")
    expires, signature = (value.partition("=")[2] for value in query.split("&"))
    for forged in (
        base,
        f"{base}?expires={expires}",
        f"{base}?signature={signature}",
        f"{base}?expires={int(expires) + 1}&signature={signature}",
        f"{base}?expires=+{expires}&signature={signature}",
        f"{base}?expires={'9' * 5000}&signature={signature}",
        f"{base}?expires={expires}&signature={signature[:-2]}",
        f"{base}?expires={expires}&signature=%F0%9F%92%A9%00",
        f"{theme['icon'].split('?')[0]}?{query}",
        link.replace("logo_", "icon_"),
        link.replace(made["id"], UNKNOWN),
    ):
        refused(await api.client.get(forged), 403, "signature_invalid")
    clock.turn(hours=24, seconds=-1)
    assert (await api.client.get(link)).status_code == 200
    clock.turn(seconds=1)
    refused(await api.client.get(link), 403, "signature_expired")
    assert (await api.client.get((await api.get(made["id"]))["theme"]["logo"])).status_code == 200


async def test_deleted_pictures_are_gone(api: Api, tmp_path: Path) -> None:
    made = await api.create()
    await upload(api, made["id"], picture())
    await api.put(made["id"], sites=[{"id": SITE, "subnets": ["10.5.50.0/24"]}])
    link = (await api.get(made["id"]))["theme"]["logo"]
    await api.send("DELETE", f"/instances/{made['id']}")
    refused(await api.client.get(link), 404)
    with closing(sqlite3.connect(tmp_path / "portal.sqlite3")) as database:
        for table in ("instances", "instance_sites", "instance_images"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


async def test_conditional_requests(api: Api) -> None:
    made = await api.create()
    await upload(api, made["id"], picture())
    link = (await api.get(made["id"]))["theme"]["logo"]
    first = await api.client.get(link)
    again = await api.client.get(link, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await api.client.head(link)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(first.content)))
