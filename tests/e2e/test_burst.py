"""Bursts of requests to the deployed stack: none is refused, and every workflow ends as it should."""

from local.load.burst import Burst, send, wrong_ends


def test_burst(deployed):
    """Single POSTs, POSTs of 20 clients at once and 50 GETs at once get only 2xx, and each workflow ends correctly."""
    burst = Burst(serial=60, clients=20, each=3, reads=50)
    answers = send(deployed.place, burst)
    assert answers.refused == {}
    assert answers.statuses == {"POST 202": burst.serial + burst.clients * burst.each, "GET 200": burst.reads}
    assert wrong_ends(deployed.place, answers) == []
