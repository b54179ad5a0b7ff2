package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func (ground *Ground) admin() (*kadm.Client, error) {
	client, err := ground.client()
	if err != nil {
		return nil, err
	}
	return kadm.NewClient(client), nil
}

func adminTopics(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	name, retention := ground.topic+"-made", "60000"
	if _, err := admin.CreateTopic(ctx, 2, 3, map[string]*string{"retention.ms": &retention}, name); err != nil {
		return "", err
	}
	if _, err := admin.CreateTopic(ctx, 2, 3, nil, name); code(err) != "TOPIC_ALREADY_EXISTS" {
		return "", fmt.Errorf("made twice: %v", err)
	}
	var described kadm.TopicDetails
	if err := until(ctx, "it is listed", func() bool {
		described, err = admin.ListTopics(ctx, name)
		return err == nil && described.Has(name)
	}); err != nil {
		return "", err
	}
	if replicas := described[name].Partitions.NumReplicas(); len(described[name].Partitions) != 2 || replicas != 3 {
		return "", fmt.Errorf("%d partitions of %d replicas", len(described[name].Partitions), replicas)
	}
	if _, err := admin.DeleteTopic(ctx, name); err != nil {
		return "", err
	}
	return "made, described, deleted", until(ctx, "it is gone", func() bool {
		left, err := admin.ListTopics(ctx)
		return err == nil && !left.Has(name)
	})
}

func adminConfigs(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	value := "60000"
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}, ground.topic)
	if err != nil {
		return "", err
	}
	if err := altered[0].Err; err != nil {
		return "", err
	}
	return "retention.ms is 60000", until(ctx, "it is told", func() bool {
		described, err := admin.DescribeTopicConfigs(ctx, ground.topic)
		if err != nil || len(described) != 1 {
			return false
		}
		for _, config := range described[0].Configs {
			if config.Key == "retention.ms" && config.MaybeValue() == value {
				return true
			}
		}
		return false
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
	listed, err := admin.ListGroups(ctx)
	if err != nil {
		return "", err
	}
	if _, there := listed[ground.topic]; !there {
		return "", fmt.Errorf("not listed: %v", listed.Groups())
	}
	described, err := admin.DescribeGroups(ctx, ground.topic)
	if err != nil {
		return "", err
	}
	if group := described[ground.topic]; group.State != "Stable" || len(group.Members) != 1 {
		return "", fmt.Errorf("%s with %d members", group.State, len(group.Members))
	}
	deleted, err := admin.DeleteGroup(ctx, ground.topic)
	if code(err) != "NON_EMPTY_GROUP" {
		return "", fmt.Errorf("deleted with a member: %v %v", deleted, err)
	}
	if err := one.leave(ctx); err != nil {
		return "", err
	}
	_, err = admin.DeleteGroup(ctx, ground.topic)
	return "NON_EMPTY_GROUP with a member, deleted without", err
}

func adminOffsets(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	offsets := kadm.Offsets{}
	offsets.AddOffset(ground.topic, 0, 7, -1)
	if err := admin.CommitAllOffsets(ctx, ground.topic, offsets); err != nil {
		return "", err
	}
	fetched, err := admin.FetchOffsets(ctx, ground.topic)
	if err != nil {
		return "", err
	}
	if offset, _ := fetched.Lookup(ground.topic, 0); offset.At != 7 {
		return "", fmt.Errorf("offset %d, not 7", offset.At)
	}
	places := kadm.TopicsSet{}
	places.Add(ground.topic, 0)
	deleted, err := admin.DeleteOffsets(ctx, ground.topic, places)
	if err != nil {
		return "", err
	}
	return "set, read and deleted", deleted.Error()
}

func adminDeleteRecords(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ctx, valued(numbers(0, 10), 0), kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		return "", err
	}
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	offsets := kadm.Offsets{}
	offsets.AddOffset(ground.topic, 0, 4, -1)
	deleted, err := admin.DeleteRecords(ctx, offsets)
	if err != nil {
		return "", err
	}
	if told, _ := deleted.Lookup(ground.topic, 0); told.Err != nil || told.LowWatermark != 4 {
		return "", fmt.Errorf("low watermark %d, %v", told.LowWatermark, told.Err)
	}
	starts, err := admin.ListStartOffsets(ctx, ground.topic)
	if err != nil {
		return "", err
	}
	if start, _ := starts.Lookup(ground.topic, 0); start.Offset != 4 {
		return "", fmt.Errorf("begins at %d, not 4", start.Offset)
	}
	return "begins at 4", nil
}

func adminPartitions(ctx context.Context, ground *Ground) (string, error) {
	admin, err := ground.admin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	if _, err := admin.UpdatePartitions(ctx, 5, ground.topic); err != nil {
		return "", err
	}
	return "5 partitions", until(ctx, "it has five", func() bool {
		described, err := admin.ListTopics(ctx, ground.topic)
		return err == nil && len(described[ground.topic].Partitions) == 5
	})
}
