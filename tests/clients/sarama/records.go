package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

type ability func(context.Context, *Ground) (string, error)

var abilities = map[string]ability{
	"produce_none":            compressed(sarama.CompressionNone),
	"produce_gzip":            compressed(sarama.CompressionGZIP),
	"produce_snappy":          compressed(sarama.CompressionSnappy),
	"produce_lz4":             compressed(sarama.CompressionLZ4),
	"produce_zstd":            compressed(sarama.CompressionZSTD),
	"keyed":                   keyed,
	"unkeyed":                 unkeyed,
	"headers":                 headers,
	"idempotent":              idempotent,
	"transactional":           transactional,
	"read_committed":          readCommitted,
	"group_rebalance":         groupRebalance,
	"group_broker_crash":      groupBrokerCrash,
	"group_coordinator_crash": groupCoordinatorCrash,
	"static_member":           staticMember,
	"cooperative":             absent("its strategies are eager"),
	"kip848":                  absent("it does not speak the new protocol"),
	"seek":                    seek,
	"time_lookup":             timeLookup,
	"admin_topics":            adminTopics,
	"admin_configs":           adminConfigs,
	"admin_groups":            adminGroups,
	"admin_offsets":           adminOffsets,
	"admin_delete_records":    adminDeleteRecords,
	"admin_partitions":        adminPartitions,
}

func absent(why string) ability {
	return func(context.Context, *Ground) (string, error) { return why, notThere }
}

// settings are sarama's defaults, with what a version newer than its default knows.
func settings(changes ...func(*sarama.Config)) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Retry.Max = 100
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	for _, change := range changes {
		change(config)
	}
	return config
}

func byHand(config *sarama.Config) { config.Producer.Partitioner = sarama.NewManualPartitioner }

func manyAtOnce(config *sarama.Config) { config.Producer.Flush.Frequency = 20 * time.Millisecond }

func onceOnly(config *sarama.Config) {
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
}

func (ground *Ground) message(value, key string) *sarama.ProducerMessage {
	message := &sarama.ProducerMessage{Topic: ground.topic, Value: sarama.StringEncoder(value)}
	if key != "" {
		message.Key = sarama.StringEncoder(key)
	}
	return message
}

func (ground *Ground) valued(values []int, keys int) []*sarama.ProducerMessage {
	var messages []*sarama.ProducerMessage
	for _, n := range values {
		key := ""
		if keys > 0 {
			key = fmt.Sprintf("key-%d", n%keys)
		}
		messages = append(messages, ground.message(strconv.Itoa(n), key))
	}
	return messages
}

func (ground *Ground) send(messages []*sarama.ProducerMessage, changes ...func(*sarama.Config)) error {
	producer, err := sarama.NewSyncProducer(ground.servers, settings(changes...))
	if err != nil {
		return err
	}
	return errors.Join(producer.SendMessages(messages), producer.Close())
}

func (ground *Ground) everything(ctx context.Context, count int, changes ...func(*sarama.Config)) ([]*sarama.ConsumerMessage, error) {
	return ground.read(ctx, count, []int32{0, 1, 2}, sarama.OffsetOldest, changes...)
}

func (ground *Ground) read(ctx context.Context, count int, partitions []int32, from int64, changes ...func(*sarama.Config)) ([]*sarama.ConsumerMessage, error) {
	consumer, err := sarama.NewConsumer(ground.servers, settings(changes...))
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	all := make(chan *sarama.ConsumerMessage)
	for _, partition := range partitions {
		reader, err := consumer.ConsumePartition(ground.topic, partition, from)
		if err != nil {
			return nil, err
		}
		defer reader.AsyncClose()
		go func() {
			for message := range reader.Messages() {
				select {
				case all <- message:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	var got []*sarama.ConsumerMessage
	for len(got) < count {
		select {
		case message := <-all:
			got = append(got, message)
		case <-ctx.Done():
			return got, fmt.Errorf("%d of %d records: %w", len(got), count, ctx.Err())
		}
	}
	return got, nil
}

func values(messages []*sarama.ConsumerMessage) []int {
	all := []int{}
	for _, message := range messages {
		n, err := strconv.Atoi(string(message.Value))
		if err != nil {
			n = -1
		}
		all = append(all, n)
	}
	return all
}

func sorted(all []int) []int {
	slices.Sort(all)
	return all
}

func compressed(codec sarama.CompressionCodec) ability {
	return func(ctx context.Context, ground *Ground) (string, error) {
		var messages []*sarama.ProducerMessage
		var sent, back []string
		for n := range 200 {
			sent = append(sent, strings.Repeat(fmt.Sprintf("value %d ", n), 20))
			messages = append(messages, ground.message(sent[n], fmt.Sprintf("key-%d", n%7)))
		}
		if err := ground.send(messages, manyAtOnce, func(config *sarama.Config) { config.Producer.Compression = codec }); err != nil {
			return "", err
		}
		got, err := ground.everything(ctx, 200)
		if err != nil {
			return "", err
		}
		for _, message := range got {
			back = append(back, string(message.Value))
		}
		slices.Sort(sent)
		slices.Sort(back)
		return "200 records came back", same("values", back, sent)
	}
}

func keyed(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ground.valued(numbers(0, 300), 7)); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 300)
	if err != nil {
		return "", err
	}
	last, place := map[string]int{}, map[string]int32{}
	for at, n := range values(got) {
		key, partition := string(got[at].Key), got[at].Partition
		if before, known := last[key]; known && before+7 != n {
			return "", fmt.Errorf("%s: %d came after %d", key, n, before)
		}
		if where, known := place[key]; known && where != partition {
			return "", fmt.Errorf("%s is in partitions %d and %d", key, where, partition)
		}
		last[key], place[key] = n, partition
	}
	if len(place) != 7 {
		return "", fmt.Errorf("%d keys, not 7", len(place))
	}
	return "7 keys, each in one partition and in order", nil
}

func unkeyed(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ground.valued(numbers(0, 100), 0)); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 100)
	if err != nil {
		return "", err
	}
	for _, message := range got {
		if message.Key != nil {
			return "", fmt.Errorf("a key: %q", message.Key)
		}
	}
	return "100 records with null for a key", same("values", sorted(values(got)), numbers(0, 100))
}

func headers(ctx context.Context, ground *Ground) (string, error) {
	message := ground.message("x", "")
	message.Headers = []sarama.RecordHeader{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("b"), Value: []byte{}}, {Key: []byte("a"), Value: []byte("2")}}
	if err := ground.send([]*sarama.ProducerMessage{message}); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 1)
	if err != nil {
		return "", err
	}
	var back []string
	for _, header := range got[0].Headers {
		back = append(back, fmt.Sprintf("%s=%s", header.Key, header.Value))
	}
	return "three headers in order", same("headers", back, []string{"a=1", "b=", "a=2"})
}

func idempotent(ctx context.Context, ground *Ground) (string, error) {
	producer, err := sarama.NewAsyncProducer(ground.servers, settings(onceOnly, byHand, manyAtOnce))
	if err != nil {
		return "", err
	}
	crashed := make(chan error, 1)
	go func() {
		for at, message := range ground.valued(numbers(0, 2000), 0) {
			producer.Input() <- message
			if at == 1000 {
				time.Sleep(200 * time.Millisecond)
				if err := ground.crashLeader(); err != nil {
					crashed <- err
					return
				}
			}
		}
		crashed <- nil
	}()
	for done := 0; done < 2000; done++ {
		select {
		case <-producer.Successes():
		case failed := <-producer.Errors():
			return "", failed
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if err := errors.Join(<-crashed, producer.Close()); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 2000)
	if err != nil {
		return "", err
	}
	return "2,000 records, each once and in order", same("values", values(got), numbers(0, 2000))
}

func (ground *Ground) transactional(config *sarama.Config) {
	config.Producer.Transaction.ID = ground.topic + "-id"
	config.Producer.Transaction.Retry.Max = 100
}

func committedOnly(config *sarama.Config) { config.Consumer.IsolationLevel = sarama.ReadCommitted }

func transactional(ctx context.Context, ground *Ground) (string, error) {
	opened := func() (sarama.SyncProducer, error) {
		return sarama.NewSyncProducer(ground.servers, settings(onceOnly, ground.transactional))
	}
	wrote := func(producer sarama.SyncProducer, values []int, end func() error) error {
		if err := producer.BeginTxn(); err != nil {
			return err
		}
		if err := producer.SendMessages(ground.valued(values, 0)); err != nil {
			return err
		}
		return end()
	}
	first, err := opened()
	if err != nil {
		return "", err
	}
	if err := wrote(first, numbers(0, 10), first.CommitTxn); err != nil {
		return "", err
	}
	if err := wrote(first, numbers(10, 20), first.AbortTxn); err != nil {
		return "", err
	}
	second, err := opened()
	if err != nil {
		return "", err
	}
	if err := wrote(second, []int{20}, second.CommitTxn); err != nil {
		return "", err
	}
	if fenced := wrote(first, []int{-1}, first.CommitTxn); fenced == nil {
		return "", errors.New("the first producer was not fenced")
	}
	got, err := ground.everything(ctx, 11, committedOnly)
	if err != nil {
		return "", err
	}
	return "11 committed records seen, the first producer fenced", same("values", sorted(values(got)), append(numbers(0, 10), 20))
}

func readCommitted(ctx context.Context, ground *Ground) (string, error) {
	sender, err := sarama.NewSyncProducer(ground.servers, settings(onceOnly, byHand, ground.transactional))
	if err != nil {
		return "", err
	}
	if err := sender.BeginTxn(); err != nil {
		return "", err
	}
	if err := sender.SendMessages(ground.valued(numbers(0, 10), 0)); err != nil {
		return "", err
	}
	if _, err := ground.everything(ctx, 10); err != nil {
		return "", err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if got, _ := ground.everything(short, 1, committedOnly); len(got) > 0 {
		return "", fmt.Errorf("%d records of an open transaction", len(got))
	}
	if err := sender.CommitTxn(); err != nil {
		return "", err
	}
	_, err = ground.everything(ctx, 10, committedOnly)
	return "nothing before the commit, 10 records after it", err
}

func seek(ctx context.Context, ground *Ground) (string, error) {
	messages := ground.valued(numbers(0, 20), 0)
	for _, message := range messages {
		message.Partition = 1
	}
	if err := ground.send(messages, byHand); err != nil {
		return "", err
	}
	got, err := ground.read(ctx, 5, []int32{1}, 15)
	if err != nil {
		return "", err
	}
	if err := same("from 15", values(got), numbers(15, 20)); err != nil {
		return "", err
	}
	if got, err = ground.read(ctx, 20, []int32{1}, 0); err != nil {
		return "", err
	}
	return "from 15, then from 0", same("from 0", values(got), numbers(0, 20))
}

func timeLookup(_ context.Context, ground *Ground) (string, error) {
	messages := ground.valued(numbers(0, 10), 0)
	for n, message := range messages {
		message.Timestamp = time.UnixMilli(1_700_000_000_000 + int64(n)*1000)
	}
	if err := ground.send(messages, byHand); err != nil {
		return "", err
	}
	client, err := sarama.NewClient(ground.servers, settings())
	if err != nil {
		return "", err
	}
	defer client.Close()
	var found []int64
	for _, ms := range []int64{0, 3500, 9000, 9001} {
		offset, err := client.GetOffset(ground.topic, 0, 1_700_000_000_000+ms)
		if err != nil {
			return "", err
		}
		found = append(found, offset)
	}
	return "offsets 0, 4, 9 and none", same("offsets", found, []int64{0, 4, 9, -1})
}
