"""What files say about where a performance comes from."""

from engine import provenance


def test_facts_are_written_as_people_write_them() -> None:
    facts = {
        "request": {"beats": [{"intensity": 0.6799999999999999, "start": 1.5}], "seed": 7},
        "machine_made": True,
        "file": "/home/somebody/take.csv",
        "recorded": [0.5] * 3000,
    }
    told = provenance.about(facts)
    assert told["request"] == {"beats": [{"intensity": 0.68, "start": 1.5}], "seed": 7}
    assert told["machine-made performance"] is True
    assert told["file"] == "take.csv"
    assert "recorded" not in told
