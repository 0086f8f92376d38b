import pytest

from edgesim.rules.edge import edge_name, region_of


@pytest.mark.parametrize(
    ("pop", "region"),
    [("FRA56-P3", "eu-central-1"), ("iad89-c1", "us-east-1"), ("NRT12-P9", "ap-northeast-1"), ("XXX1", "us-east-1")],
)
def test_functions_run_near_the_edge_location(pop, region):
    assert region_of(pop) == region


def test_an_edge_location_has_one_name_of_32_hex_digits():
    assert edge_name("FRA56-P3") == edge_name("FRA56-P3") != edge_name("FRA56-P4")
    assert len(edge_name("FRA56-P3")) == 32
    assert int(edge_name("FRA56-P3"), 16)
