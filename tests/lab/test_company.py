"""Labs that are shown at the same time share what there is for showing; likewise those that are remembered."""

import pytest

from kafkalab.lab.company import Company, Work


def test_whoever_was_shown_lately_counts() -> None:
    company = Company(2.0)
    assert [company.count(lab, 10.0 + lab / 10) for lab in (1, 2, 3, 2)] == [1, 2, 3, 3]


def test_whoever_is_shown_no_more_is_forgotten() -> None:
    company = Company(2.0)
    company.count(1, 10.0)
    company.count(2, 11.5)
    assert company.count(3, 13.0) == 2


def test_engines_that_work_half_of_the_time_have_a_share_of_half() -> None:
    work = Work(1.0)
    for tenth in range(1, 101):
        work.took(0.05, tenth / 10)
    assert work.share(10.0) == pytest.approx(0.5, abs=0.03)


def test_what_was_done_is_forgotten_soon() -> None:
    work = Work(1.0)
    work.took(0.8, 1.0)
    assert [round(work.share(now), 2) for now in (1.0, 2.0, 5.0)] == [0.8, 0.29, 0.01]


def test_nobody_takes_more_than_all() -> None:
    work = Work(1.0)
    for second in range(1, 20):
        work.took(1.0, second / 2)
    assert work.share(9.5) == 1.0
