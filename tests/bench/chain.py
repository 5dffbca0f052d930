"""The mix bus that benchmarks render with: everything in use, nothing extreme."""

from __future__ import annotations

from mixing.console.spec import BusSettings, DeliverySettings, MixSettings

BUS = BusSettings(
    low_shelf_db=2.0, low_peak_db=-2.0, mid_peak_db=1.0, high_peak_db=1.5, high_shelf_db=3.0, glue_threshold_db=-6.0,
    glue_ratio=2.5, drive_db=5.0, width_db=2.0, mono_below_hz=110.0,
)  # fmt: skip
SETTINGS = MixSettings(bus=BUS, delivery=DeliverySettings(-14.0))
