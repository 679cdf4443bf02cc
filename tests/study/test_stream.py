"""Random streams: the published numbers, and streams that know nothing of each other."""

import pytest
from winter_river.study.stream import exponential, stream, uniform


def test_a_stream_is_splitmix64():
    # The first numbers of the published generator from state 0.
    published = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
    states = [0]
    assert [uniform(states, 0) for _ in published] == [(number >> 11) / 2**53 for number in published]


def test_streams_differ_by_seed_world_and_failure():
    begins = {stream(seed, world, failure) for seed in range(20) for world in range(20) for failure in range(20)}
    assert len(begins) == 20**3


def test_drawing_moves_only_its_own_stream():
    states = [stream(1, 1, failure) for failure in range(3)]
    before = list(states)
    uniform(states, 1)
    assert (states[0], states[2]) == (before[0], before[2])
    assert states[1] != before[1]


def test_exponential_numbers_have_their_mean_and_spread():
    states = [stream(1, 2, 3)]
    numbers = [exponential(states, 0, 5.0) for _ in range(20_000)]
    # Mean and standard deviation are both 5; the error of the mean is 5 / sqrt(20,000) = 0.035.
    assert sum(numbers) / len(numbers) == pytest.approx(5.0, abs=0.1)
    assert (sum((x - 5.0) ** 2 for x in numbers) / len(numbers)) ** 0.5 == pytest.approx(5.0, abs=0.2)
