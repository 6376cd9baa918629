"""The rows on runs that are spread over workers."""

from __future__ import annotations

from benchmarks.cluster import Spread

RULE = ["-----------"]


def test_the_rows_tell_each_way_beside_one_machine_and_what_a_shard_costs() -> None:
    seconds = {"one machine": 10.0, "1 worker": 11.0, "2 workers": 9.0, "many shards": 11.8}
    shards = {"one machine": 4, "1 worker": 4, "2 workers": 4, "many shards": 44}
    lines = Spread("v601", 1_372_200, 4, seconds, shards).lines()
    text = " ".join(lines)
    assert "v601, 1,372,200 windows × 4 models" in text
    assert "A shard more costs 20 ms." in text
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")] == ["", *RULE, *seconds]
    assert any("11.00 (1.10 ×)" in line for line in lines)
