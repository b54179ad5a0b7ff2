package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/IBM/sarama"
)

// member is one of the group: what it has seen and what it owns.
type member struct {
	group    sarama.ConsumerGroup
	lock     sync.Mutex
	seen     map[int]bool
	owned    []int32
	sessions int
	cancel   context.CancelFunc
	done     chan struct{}
}

func (one *member) Setup(session sarama.ConsumerGroupSession) error {
	one.lock.Lock()
	defer one.lock.Unlock()
	one.sessions++
	one.owned = nil
	for _, partitions := range session.Claims() {
		one.owned = append(one.owned, partitions...)
	}
	slices.Sort(one.owned)
	return nil
}

func (one *member) Cleanup(session sarama.ConsumerGroupSession) error {
	session.Commit()
	one.lock.Lock()
	defer one.lock.Unlock()
	one.owned = nil
	return nil
}

func (one *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			one.lock.Lock()
			one.seen[values([]*sarama.ConsumerMessage{message})[0]] = true
			one.lock.Unlock()
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (ground *Ground) member(ctx context.Context, changes ...func(*sarama.Config)) (*member, error) {
	group, err := sarama.NewConsumerGroup(ground.servers, ground.topic, settings(changes...))
	if err != nil {
		return nil, err
	}
	own, cancel := context.WithCancel(ctx)
	one := &member{group: group, seen: map[int]bool{}, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(one.done)
		for own.Err() == nil {
			err := group.Consume(own, []string{ground.topic}, one)
			if errors.Is(err, sarama.ErrClosedConsumerGroup) {
				return
			}
		}
	}()
	return one, nil
}

func (one *member) owns() []int32 {
	one.lock.Lock()
	defer one.lock.Unlock()
	return slices.Clone(one.owned)
}

func (one *member) joined() int {
	one.lock.Lock()
	defer one.lock.Unlock()
	return one.sessions
}

func (one *member) leave() error {
	one.cancel()
	<-one.done
	return one.group.Close()
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
		both := append(slices.Clone(one), other...)
		slices.Sort(both)
		return len(one) > 0 && len(other) > 0 && slices.Equal(both, []int32{0, 1, 2})
	}
}

func groupRebalance(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ground.valued(numbers(0, 100), 7)); err != nil {
		return "", err
	}
	first, err := ground.member(ctx)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "the first has all", func() bool { return len(first.owns()) == 3 }); err != nil {
		return "", err
	}
	second, err := ground.member(ctx)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "both have some", shared(first, second)); err != nil {
		return "", err
	}
	if err := ground.send(ground.valued(numbers(100, 200), 7)); err != nil {
		return "", err
	}
	if err := until(ctx, "200 records", haveSeen(200, first, second)); err != nil {
		return "", err
	}
	if err := first.leave(); err != nil {
		return "", err
	}
	if err := until(ctx, "the second has all", func() bool { return len(second.owns()) == 3 }); err != nil {
		return "", err
	}
	if err := ground.send(ground.valued(numbers(200, 300), 7)); err != nil {
		return "", err
	}
	if err := until(ctx, "300 records", haveSeen(300, first, second)); err != nil {
		return "", err
	}
	return "shared by two, then all with one; 300 records", second.leave()
}

func throughACrash(ctx context.Context, ground *Ground, crash func() error) (string, error) {
	if err := ground.send(ground.valued(numbers(0, 100), 7)); err != nil {
		return "", err
	}
	one, err := ground.member(ctx)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "100 records", haveSeen(100, one)); err != nil {
		return "", err
	}
	if err := crash(); err != nil {
		return "", err
	}
	if err := ground.send(ground.valued(numbers(100, 200), 7), onceOnly); err != nil {
		return "", err
	}
	if err := until(ctx, "200 records", haveSeen(200, one)); err != nil {
		return "", err
	}
	if err := one.leave(); err != nil {
		return "", err
	}
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	told, err := admin.ListConsumerGroupOffsets(ground.topic, map[string][]int32{ground.topic: {0, 1, 2}})
	if err != nil {
		return "", err
	}
	committed := int64(0)
	for partition := range int32(3) {
		committed += max(told.GetBlock(ground.topic, partition).Offset, 0)
	}
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
	instance := func(name string) func(*sarama.Config) {
		return func(config *sarama.Config) { config.Consumer.Group.InstanceId = name }
	}
	stays, err := ground.member(ctx, instance("instance-1"))
	if err != nil {
		return "", err
	}
	leaves, err := ground.member(ctx, instance("instance-2"))
	if err != nil {
		return "", err
	}
	if err := until(ctx, "both have some", shared(stays, leaves)); err != nil {
		return "", err
	}
	had, sessions := leaves.owns(), stays.joined()
	if err := leaves.leave(); err != nil {
		return "", err
	}
	back, err := ground.member(ctx, instance("instance-2"))
	if err != nil {
		return "", err
	}
	if err := until(ctx, "it has them again", func() bool { return slices.Equal(back.owns(), had) }); err != nil {
		return "", err
	}
	if stays.joined() != sessions {
		return "", errors.New("the other had to join again")
	}
	return fmt.Sprintf("partitions %v again, no rebalance", had), errors.Join(stays.leave(), back.leave())
}
