"""Clients in a hurry, on the deployed stack: nothing is refused, and everything ends as it should."""

from local.load.burst import Burst, send, wrong_ends


def test_burst(deployed):
    """POSTs one by one, then of 20 clients at once, then 50 GETs at once: only 2xx, and every workflow ends right."""
    burst = Burst(serial=60, clients=20, each=3, reads=50)
    answers = send(deployed.place, burst)
    assert answers.refused == {}
    assert answers.statuses == {"POST 202": burst.serial + burst.clients * burst.each, "GET 200": burst.reads}
    assert wrong_ends(deployed.place, answers) == []
