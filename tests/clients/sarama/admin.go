package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

func (ground *Ground) admin() (sarama.ClusterAdmin, error) {
	return sarama.NewClusterAdmin(ground.servers, settings())
}

func adminTopics(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	name, retention := ground.topic+"-made", "60000"
	wish := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 3, ConfigEntries: map[string]*string{"retention.ms": &retention}}
	if err := admin.CreateTopic(name, wish, false); err != nil {
		return "", err
	}
	if err := admin.CreateTopic(name, wish, false); !errors.Is(err, sarama.ErrTopicAlreadyExists) {
		return "", fmt.Errorf("made twice: %v", err)
	}
	listed := func() bool {
		all, err := admin.ListTopics()
		_, there := all[name]
		return err == nil && there
	}
	if err := until(ctx, "listed", listed); err != nil {
		return "", err
	}
	described, err := admin.DescribeTopics([]string{name})
	if err != nil {
		return "", err
	}
	if len(described[0].Partitions) != 2 || len(described[0].Partitions[0].Replicas) != 3 {
		return "", fmt.Errorf("%d partitions", len(described[0].Partitions))
	}
	if brokers, _, err := admin.DescribeCluster(); err != nil || len(brokers) != 3 {
		return "", fmt.Errorf("%d brokers, %v", len(brokers), err)
	}
	if err := admin.DeleteTopic(name); err != nil {
		return "", err
	}
	return "made, described, deleted", until(ctx, "gone", func() bool { return !listed() })
}

func adminConfigs(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	value := "60000"
	change := map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}}
	if err := admin.IncrementalAlterConfig(sarama.TopicResource, ground.topic, change, false); err != nil {
		return "", err
	}
	return "retention.ms is 60000", until(ctx, "told", func() bool {
		resource := sarama.ConfigResource{Type: sarama.TopicResource, Name: ground.topic, ConfigNames: []string{"retention.ms"}}
		told, err := admin.DescribeConfig(resource)
		return err == nil && len(told) == 1 && told[0].Value == value
	})
}

func adminGroups(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	one, err := ground.member(ctx)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "it has all", func() bool { return len(one.owns()) == 3 }); err != nil {
		return "", err
	}
	listed, err := admin.ListConsumerGroups()
	if err != nil {
		return "", err
	}
	if _, there := listed[ground.topic]; !there {
		return "", errors.New("not listed")
	}
	described, err := admin.DescribeConsumerGroups([]string{ground.topic})
	if err != nil {
		return "", err
	}
	if described[0].State != "Stable" || len(described[0].Members) != 1 {
		return "", fmt.Errorf("%s with %d members", described[0].State, len(described[0].Members))
	}
	if err := admin.DeleteConsumerGroup(ground.topic); !errors.Is(err, sarama.ErrNonEmptyGroup) {
		return "", fmt.Errorf("deleted with a member: %v", err)
	}
	if err := one.leave(); err != nil {
		return "", err
	}
	return "NON_EMPTY_GROUP with a member, deleted without", admin.DeleteConsumerGroup(ground.topic)
}

func adminOffsets(_ context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	client, err := sarama.NewClient(ground.servers, settings())
	if err != nil {
		return "", err
	}
	defer client.Close()
	manager, err := sarama.NewOffsetManagerFromClient(ground.topic, client)
	if err != nil {
		return "", err
	}
	place, err := manager.ManagePartition(ground.topic, 0)
	if err != nil {
		return "", err
	}
	place.MarkOffset(7, "")
	manager.Commit()
	if err := errors.Join(place.Close(), manager.Close()); err != nil {
		return "", err
	}
	told, err := admin.ListConsumerGroupOffsets(ground.topic, map[string][]int32{ground.topic: {0}})
	if err != nil {
		return "", err
	}
	if offset := told.GetBlock(ground.topic, 0).Offset; offset != 7 {
		return "", fmt.Errorf("offset %d, not 7", offset)
	}
	return "set, read and deleted", admin.DeleteConsumerGroupOffset(ground.topic, ground.topic, 0)
}

func adminDeleteRecords(_ context.Context, ground *Ground) (string, error) {
	if err := ground.send(ground.valued(numbers(0, 10), 0), byHand); err != nil {
		return "", err
	}
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if err := admin.DeleteRecords(ground.topic, map[int32]int64{0: 4}); err != nil {
		return "", err
	}
	client, err := sarama.NewClient(ground.servers, settings())
	if err != nil {
		return "", err
	}
	defer client.Close()
	start, err := client.GetOffset(ground.topic, 0, sarama.OffsetOldest)
	if err != nil {
		return "", err
	}
	return "begins at 4", same("start", []int64{start}, []int64{4})
}

func adminPartitions(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if err := admin.CreatePartitions(ground.topic, 5, nil, false); err != nil {
		return "", err
	}
	return "5 partitions", until(ctx, "five", func() bool {
		told, err := admin.DescribeTopics([]string{ground.topic})
		return err == nil && len(told[0].Partitions) == 5
	})
}
