"""From which network an address is: a whole IPv4 address, or the first 64 bits of an IPv6 address."""

from __future__ import annotations

import ipaddress

# A home is given at least one /64 (RFC 6177), and its devices change the rest of their addresses daily (RFC 8981).
_V6_BITS = 64


def network_of(address: str) -> str | None:
    """The network as text; None for an address that tells nobody from anybody else.

    Such are all that are not of the public Internet. At home everybody is on loopback; and where a proxy is not
    believed, everybody comes from the proxy, which is on loopback or in a private network.

    Args:
        address: IPv4 or IPv6, without a port.
    Raises: ValueError for what is no address.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if not found.is_global:
        return None
    bits = found.max_prefixlen if found.version == 4 else _V6_BITS
    return str(ipaddress.ip_network((found, bits), strict=False))
