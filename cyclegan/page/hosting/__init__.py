"""What a hosted page allows its visitors: whose things are whose, and how much of everything.

    house.py       what the host of a page allows, and all numbers that limit a visitor
    visitors.py    who a visitor is, what is theirs, and who steers a training
    quotas.py      how often a client may do something, and how many may wait
    gate.py        in front of every request: host names, doors, sizes, quotas, headers
    disk.py        a temporary folder of the page's own, and its budget
    desk.py        all of it together, as the tabs of a page ask for it
    errors.py      one place where whatever goes wrong becomes a sentence

docs/hosting.md tells it to people. Knows nothing of lessons, methods and networks.
"""
