from edgesim.testing.make import an_arrival
from edgesim.values.viewer import Viewer


def test_viewers_are_nowhere_in_particular_by_default():
    assert Viewer() == Viewer()
    assert not Viewer().place


def test_an_arrival_is_a_value():
    assert an_arrival("/a") == an_arrival("/a")
