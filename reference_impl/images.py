"""Pictures: decoded for real, checked, and written anew as PNG without anything but pixels."""

import io

from PIL import Image, ImageOps

from reference_impl.errors import invalid
from reference_impl.schemas import ImageKind

SIZE_LIMIT = 5 * 1024 * 1024
"""Bytes a picture file may have."""

PIXEL_LIMIT = 25_000_000

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def normalise(content: bytes, kind: ImageKind) -> bytes:
    """Return the picture as PNG, first frame, upright, without metadata.

    The content alone tells the format. Raises an ApiError of status 400 when the file is none of the
    accepted formats, is damaged, has more than 25 megapixels, or is too small: a logo needs 120 x 80
    pixels, an icon 32 x 32 and equal sides.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels <= PIXEL_LIMIT:
                picture.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = PIXEL_LIMIT + 1
    # Decoders meet damage in many ways; whatever they raise, the picture cannot be used.
    except Exception as error:
        raise invalid("The file is not a whole PNG, JPEG, GIF or WebP picture.", "image_invalid") from error
    if pixels > PIXEL_LIMIT:
        raise invalid(f"The picture has more than {PIXEL_LIMIT} pixels; send a smaller one.", "image_invalid")
    try:
        # verify() leaves a picture unusable, and it does not decode the pixels, so it is opened again.
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception as error:
        raise invalid("The picture is damaged or cut short; send the whole file.", "image_invalid") from error
    _check_size(plain, kind)
    plain.info.clear()
    output = io.BytesIO()
    plain.save(output, "PNG")
    return output.getvalue()


def _check_size(picture: Image.Image, kind: ImageKind) -> None:
    width, height = picture.size
    if kind == "logo" and (width < 120 or height < 80):
        raise invalid(f"A logo needs 120 x 80 pixels at least; this has {width} x {height}.", "image_invalid")
    if kind == "icon" and (width < 32 or width != height):
        raise invalid(
            f"An icon needs equal sides of 32 pixels at least; this has {width} x {height}.", "image_invalid"
        )
