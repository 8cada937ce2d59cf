"""Addresses such as people have, and such as nobody has but the standards allow."""

from __future__ import annotations

from hypothesis import strategies as st

from monitor.records import valid_address

_ATOM_TEXT = "abcXYZ019!#$%&'*+-/=?^_`{|}~äßøçшжحب早晚👩"
_QUOTED_TEXT = "aZ09 ,;:<>()[]@.!#?=äш早"

_atoms = st.lists(st.text(_ATOM_TEXT, min_size=1, max_size=8), min_size=1, max_size=3)
_quoted = st.lists(
    st.one_of(
        st.text(_QUOTED_TEXT, min_size=1, max_size=6), st.sampled_from((r"\"", r"\\", r"\a"))
    ),
    min_size=1,
    max_size=5,
)
_labels = st.lists(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True), min_size=1, max_size=4
)

legal_addresses = st.builds(
    lambda local, domain: f"{local}@{domain}",
    st.one_of(_atoms.map(".".join), _quoted.map(lambda parts: f'"{"".join(parts)}"')),
    st.one_of(
        _labels.map(".".join),
        st.sampled_from(("bücher.example", "例え.example", "мир.example", "xn--bcher-kva.example")),
        st.ip_addresses(v=4).map(lambda ip: f"[{ip}]"),
        st.ip_addresses(v=6).map(lambda ip: f"[IPv6:{ip}]"),
    ),
).filter(valid_address)
"""Mailboxes of RFC 5321 and RFC 6531, the strange ones as likely as the plain ones."""
