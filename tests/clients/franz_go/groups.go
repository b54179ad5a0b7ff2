package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// member polls for as long as it lives.
type member struct {
	client  *kgo.Client
	lock    sync.Mutex
	seen    map[int]bool
	owned   map[int32]bool
	givenUp [][]int32
	done    chan struct{}
}

func (ground *Ground) member(ctx context.Context, options ...kgo.Opt) (*member, error) {
	one := &member{seen: map[int]bool{}, owned: map[int32]bool{}, done: make(chan struct{})}
	lost := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		one.lock.Lock()
		defer one.lock.Unlock()
		if gone := slices.Sorted(slices.Values(parts[ground.topic])); len(gone) > 0 {
			one.givenUp = append(one.givenUp, gone)
			for _, partition := range gone {
				delete(one.owned, partition)
			}
		}
	}
	client, err := ground.client(append([]kgo.Opt{
		kgo.ConsumerGroup(ground.topic),
		kgo.ConsumeTopics(ground.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			one.lock.Lock()
			defer one.lock.Unlock()
			for _, partition := range parts[ground.topic] {
				one.owned[partition] = true
			}
		}),
		kgo.OnPartitionsRevoked(lost),
		kgo.OnPartitionsLost(lost),
	}, options...)...)
	if err != nil {
		return nil, err
	}
	one.client = client
	go func() {
		defer close(one.done)
		for {
			fetches := client.PollFetches(ctx)
			if fetches.IsClientClosed() || ctx.Err() != nil {
				return
			}
			one.lock.Lock()
			for _, n := range values(fetches.Records()) {
				one.seen[n] = true
			}
			one.lock.Unlock()
		}
	}()
	return one, nil
}

func (one *member) owns() []int32 {
	one.lock.Lock()
	defer one.lock.Unlock()
	return slices.Sorted(maps.Keys(one.owned))
}

func (one *member) forgetWhatWasGivenUp() {
	one.lock.Lock()
	defer one.lock.Unlock()
	one.givenUp = nil
}

// leave commits and leaves the group.
func (one *member) leave(ctx context.Context) error {
	err := one.client.CommitUncommittedOffsets(ctx)
	one.client.Close()
	<-one.done
	return err
}

// vanish goes without a word to the group, as a static member does.
func (one *member) vanish() {
	one.client.Close()
	<-one.done
}

func haveSeen(count int, members ...*member) func() bool {
	return func() bool {
		all := map[int]bool{}
		for _, one := range members {
			one.lock.Lock()
			maps.Copy(all, one.seen)
			one.lock.Unlock()
		}
		return len(all) == count
	}
}

func shared(first, second *member) func() bool {
	return func() bool {
		one, other := first.owns(), second.owns()
		both := slices.Sorted(slices.Values(append(slices.Clone(one), other...)))
		return len(one) > 0 && len(other) > 0 && slices.Equal(both, []int32{0, 1, 2})
	}
}

func groupRebalance(ctx context.Context, ground *Ground) (string, error) {
	return rebalanced(ctx, ground)
}

func kip848(ctx context.Context, ground *Ground) (string, error) {
	// franz-go speaks the new protocol only where its context says so: it is not announced as stable yet.
	return rebalanced(context.WithValue(ctx, "opt_in_kafka_next_gen_balancer_beta", true), ground) //nolint:staticcheck
}

func rebalanced(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ctx, valued(numbers(0, 100), 7)); err != nil {
		return "", err
	}
	opt := kgo.WithContext(ctx)
	first, err := ground.member(ctx, opt)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "the first has all", func() bool { return len(first.owns()) == 3 }); err != nil {
		return "", err
	}
	second, err := ground.member(ctx, opt)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "both have some", shared(first, second)); err != nil {
		return "", err
	}
	if err := ground.send(ctx, valued(numbers(100, 200), 7)); err != nil {
		return "", err
	}
	if err := until(ctx, "200 records", haveSeen(200, first, second)); err != nil {
		return "", err
	}
	if err := first.leave(ctx); err != nil {
		return "", err
	}
	if err := until(ctx, "the second has all", func() bool { return len(second.owns()) == 3 }); err != nil {
		return "", err
	}
	if err := ground.send(ctx, valued(numbers(200, 300), 7)); err != nil {
		return "", err
	}
	if err := until(ctx, "300 records", haveSeen(300, first, second)); err != nil {
		return "", err
	}
	return "shared by two, then all with one; 300 records", second.leave(ctx)
}

func throughACrash(ctx context.Context, ground *Ground, crash func() error) (string, error) {
	if err := ground.send(ctx, valued(numbers(0, 100), 7)); err != nil {
		return "", err
	}
	one, err := ground.member(ctx)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "100 records", haveSeen(100, one)); err != nil {
		return "", err
	}
	if err := one.client.CommitUncommittedOffsets(ctx); err != nil {
		return "", err
	}
	if err := crash(); err != nil {
		return "", err
	}
	if err := ground.send(ctx, valued(numbers(100, 200), 7)); err != nil {
		return "", err
	}
	if err := until(ctx, "200 records", haveSeen(200, one)); err != nil {
		return "", err
	}
	if err := one.leave(ctx); err != nil {
		return "", err
	}
	client, err := ground.client()
	if err != nil {
		return "", err
	}
	defer client.Close()
	offsets, err := kadm.NewClient(client).FetchOffsets(ctx, ground.topic)
	if err != nil {
		return "", err
	}
	committed := int64(0)
	offsets.Each(func(offset kadm.OffsetResponse) { committed += offset.At })
	if committed != 200 {
		return "", fmt.Errorf("%d committed, not 200", committed)
	}
	return "200 records, 200 committed", nil
}

func groupBrokerCrash(ctx context.Context, ground *Ground) (string, error) {
	return throughACrash(ctx, ground, ground.crashLeader)
}

func groupCoordinatorCrash(ctx context.Context, ground *Ground) (string, error) {
	return throughACrash(ctx, ground, ground.crashCoordinator)
}

func staticMember(ctx context.Context, ground *Ground) (string, error) {
	stays, err := ground.member(ctx, kgo.InstanceID("instance-1"))
	if err != nil {
		return "", err
	}
	leaves, err := ground.member(ctx, kgo.InstanceID("instance-2"))
	if err != nil {
		return "", err
	}
	if err := until(ctx, "both have some", shared(stays, leaves)); err != nil {
		return "", err
	}
	had := leaves.owns()
	stays.forgetWhatWasGivenUp()
	leaves.vanish()
	back, err := ground.member(ctx, kgo.InstanceID("instance-2"))
	if err != nil {
		return "", err
	}
	if err := until(ctx, "it has them again", func() bool { return slices.Equal(back.owns(), had) }); err != nil {
		return "", err
	}
	if len(stays.givenUp) > 0 {
		return "", fmt.Errorf("the other gave up %v", stays.givenUp)
	}
	stays.vanish()
	back.vanish()
	return fmt.Sprintf("partitions %v again, no rebalance", had), nil
}

func cooperative(ctx context.Context, ground *Ground) (string, error) {
	strategy := kgo.Balancers(kgo.CooperativeStickyBalancer())
	first, err := ground.member(ctx, strategy)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "the first has all", func() bool { return len(first.owns()) == 3 }); err != nil {
		return "", err
	}
	second, err := ground.member(ctx, strategy)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "both have some", shared(first, second)); err != nil {
		return "", err
	}
	if len(first.givenUp) != 1 || !slices.Equal(first.givenUp[0], second.owns()) || len(second.owns()) != 1 {
		return "", fmt.Errorf("given up: %v, the other has %v", first.givenUp, second.owns())
	}
	if err := second.leave(ctx); err != nil {
		return "", err
	}
	return "one of three partitions given up", first.leave(ctx)
}
