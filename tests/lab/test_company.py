"""Labs that are shown at the same time share what there is for showing; likewise those that are remembered."""

from kafkalab.lab.company import Company


def test_whoever_was_shown_lately_counts() -> None:
    company = Company(2.0)
    assert [company.count(lab, 10.0 + lab / 10) for lab in (1, 2, 3, 2)] == [1, 2, 3, 3]


def test_whoever_is_shown_no_more_is_forgotten() -> None:
    company = Company(2.0)
    company.count(1, 10.0)
    company.count(2, 11.5)
    assert company.count(3, 13.0) == 2
