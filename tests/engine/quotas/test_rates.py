"""A rate over eleven samples of a second, and a bucket, as Kafka reckons them."""

from kafkalab.engine.quotas.rates import Rate, TokenBucket


def test_what_is_new_counts_as_if_ten_empty_windows_had_been() -> None:
    rate = Rate(11, 1000)
    rate.record(5_000, 100_000)
    assert rate.reach_ms(100_000) == 10_000
    assert rate.per_second(100_000) == 500


def test_over_the_bound_the_wait_is_as_long_as_the_rate_takes_to_come_down() -> None:
    rate = Rate(11, 1000)
    rate.record(15_000, 100_000)
    # 1500 a second over 10 s: after 5 s more it is 15000 in 15 s.
    assert rate.throttle_ms(1_000, 100_000) == 5_000
    assert rate.throttle_ms(1_500, 100_000) == 0


def test_samples_go_when_nothing_of_them_is_within_eleven_seconds() -> None:
    rate = Rate(11, 1000)
    rate.record(15_000, 100_000)
    rate.record(1_000, 105_000)
    assert rate.per_second(110_999) == 16_000 * 1000 / 10_999
    assert rate.per_second(111_000) == 1_000 * 1000 / 10_000


def test_what_was_counted_and_not_sent_is_taken_back() -> None:
    rate = Rate(11, 1000)
    rate.record(15_000, 100_000)
    rate.record(-15_000, 100_000)
    assert rate.per_second(100_000) == 0


def test_a_bucket_is_full_at_first_and_who_takes_too_much_owes_it() -> None:
    bucket = TokenBucket(bound=2, burst_s=11, now_ms=0)
    bucket.take(22, 2, 0)
    assert bucket.throttle_ms(2, 0) == 0
    bucket.take(10, 2, 0)
    assert bucket.throttle_ms(2, 0) == 5_000
    assert bucket.throttle_ms(2, 4_000) == 1_000
    assert bucket.throttle_ms(2, 5_000) == 0


def test_a_bucket_holds_no_more_than_its_burst() -> None:
    bucket = TokenBucket(bound=2, burst_s=11, now_ms=0)
    bucket.take(22, 2, 3_600_000)
    bucket.take(1, 2, 3_600_000)
    assert bucket.throttle_ms(2, 3_600_000) == 500
