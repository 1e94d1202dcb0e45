"""Bursts of requests to the deployed stack: none is refused, and every workflow ends as it should.

Other tests keep this machine busy meanwhile, so AWS's simulator may be too slow for a request or two. These get 503,
and are repeated. `make burst` repeats none.
"""

from local.load.burst import Burst, send, wrong_ends


def test_burst(deployed):
    """Single POSTs, POSTs of 20 clients at once and 50 GETs at once get 2xx, and each workflow ends correctly."""
    burst = Burst(serial=60, clients=20, each=3, reads=50, repeats=True)
    answers = send(deployed.place, burst)
    assert len(answers.repeated) <= 2, answers.repeated
    assert answers.refused == {}
    assert answers.statuses == {"POST 202": burst.serial + burst.clients * burst.each, "GET 200": burst.reads}
    assert wrong_ends(deployed.place, answers) == []
