"""How templates draw icons and write numbers."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, modifier: str = "") -> SafeString:
    """A picture of the sprite; decoration only, so screen readers skip it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" icon--{modifier}" if modifier else "",
        static("img/icons.svg"),
        name,
    )


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form's field in the site's look."""
    return field.as_widget(attrs={"class": "input"})


@register.filter
def clock(seconds: float) -> str:
    """1:07 for 67.4 seconds."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


@register.filter
def signed(value: float) -> str:
    """+12, −7 or ±0, with a true minus sign."""
    if value == 0:
        return "±0"
    return f"{value:+g}".replace("-", "−")


@register.filter
def kilohertz(value_hz: float) -> str:
    """44.1 kHz for 44100."""
    return f"{value_hz / 1000:g} kHz"


@register.filter
def percent(share: float) -> str:
    """42 % for 0.42."""
    return f"{round(100 * share)} %"


@register.simple_tag(takes_context=True)
def current(context: template.Context, prefix: str) -> SafeString:
    """Mark a navigation link whose pages all begin with `prefix`."""
    request = context.get("request")
    is_here = request is not None and request.path.startswith(prefix)
    return SafeString(' aria-current="page"' if is_here else "")


@register.filter
def svg(value: float) -> str:
    """A coordinate, with a point in every language."""
    return f"{value:g}"


@register.filter
def words(name: str) -> str:
    """modern sound for modern_sound."""
    return name.replace("_", " ")
