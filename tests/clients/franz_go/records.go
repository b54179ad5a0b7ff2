package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

type ability func(context.Context, *Ground) (string, error)

var abilities = map[string]ability{
	"produce_none":            compressed(kgo.NoCompression()),
	"produce_gzip":            compressed(kgo.GzipCompression()),
	"produce_snappy":          compressed(kgo.SnappyCompression()),
	"produce_lz4":             compressed(kgo.Lz4Compression()),
	"produce_zstd":            compressed(kgo.ZstdCompression()),
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
	"cooperative":             cooperative,
	"kip848":                  kip848,
	"seek":                    seek,
	"time_lookup":             timeLookup,
	"admin_topics":            adminTopics,
	"admin_configs":           adminConfigs,
	"admin_groups":            adminGroups,
	"admin_offsets":           adminOffsets,
	"admin_delete_records":    adminDeleteRecords,
	"admin_partitions":        adminPartitions,
}

func (ground *Ground) client(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(ground.servers...), kgo.DefaultProduceTopic(ground.topic)}, options...)...)
}

func (ground *Ground) send(ctx context.Context, records []*kgo.Record, options ...kgo.Opt) error {
	client, err := ground.client(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.ProduceSync(ctx, records...).FirstErr()
}

func (ground *Ground) everything(ctx context.Context, count int, options ...kgo.Opt) ([]*kgo.Record, error) {
	begin := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	client, err := ground.client(append([]kgo.Opt{kgo.ConsumeTopics(ground.topic), begin}, options...)...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return read(ctx, client, count)
}

func read(ctx context.Context, client *kgo.Client, count int) ([]*kgo.Record, error) {
	var got []*kgo.Record
	for len(got) < count {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return got, fmt.Errorf("%d of %d records: %w", len(got), count, ctx.Err())
		}
		got = append(got, fetches.Records()...)
	}
	return got, nil
}

func valued(values []int, keys int) []*kgo.Record {
	var records []*kgo.Record
	for _, n := range values {
		record := kgo.StringRecord(strconv.Itoa(n))
		if keys > 0 {
			record.Key = fmt.Appendf(nil, "key-%d", n%keys)
		}
		records = append(records, record)
	}
	return records
}

func values(records []*kgo.Record) []int {
	all := []int{}
	for _, record := range records {
		n, err := strconv.Atoi(string(record.Value))
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

func compressed(codec kgo.CompressionCodec) ability {
	return func(ctx context.Context, ground *Ground) (string, error) {
		var records []*kgo.Record
		var sent []string
		for n := range 200 {
			value := strings.Repeat(fmt.Sprintf("value %d ", n), 20)
			records = append(records, kgo.KeyStringRecord(fmt.Sprintf("key-%d", n%7), value))
			sent = append(sent, value)
		}
		if err := ground.send(ctx, records, kgo.ProducerBatchCompression(codec)); err != nil {
			return "", err
		}
		got, err := ground.everything(ctx, 200)
		if err != nil {
			return "", err
		}
		var back []string
		for _, record := range got {
			back = append(back, string(record.Value))
		}
		slices.Sort(sent)
		slices.Sort(back)
		return "200 records came back", same("values", back, sent)
	}
}

func keyed(ctx context.Context, ground *Ground) (string, error) {
	if err := ground.send(ctx, valued(numbers(0, 300), 7)); err != nil {
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
	if err := ground.send(ctx, valued(numbers(0, 100), 0)); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 100)
	if err != nil {
		return "", err
	}
	for _, record := range got {
		if record.Key != nil {
			return "", fmt.Errorf("a key: %q", record.Key)
		}
	}
	return "100 records with null for a key", same("values", sorted(values(got)), numbers(0, 100))
}

func headers(ctx context.Context, ground *Ground) (string, error) {
	record := kgo.StringRecord("x")
	record.Headers = []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte{}}, {Key: "a", Value: []byte("2")}}
	if err := ground.send(ctx, []*kgo.Record{record}); err != nil {
		return "", err
	}
	got, err := ground.everything(ctx, 1)
	if err != nil {
		return "", err
	}
	return "three headers in order", same("headers", []string{fmt.Sprintf("%s", got[0].Headers)}, []string{"[{a 1} {b } {a 2}]"})
}

func idempotent(ctx context.Context, ground *Ground) (string, error) {
	client, err := ground.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return "", err
	}
	defer client.Close()
	failed := make(chan error, 2000)
	for at, record := range valued(numbers(0, 2000), 0) {
		client.Produce(ctx, record, func(_ *kgo.Record, err error) { failed <- err })
		if at == 1000 {
			time.Sleep(200 * time.Millisecond)
			if err := ground.crashLeader(); err != nil {
				return "", err
			}
		}
	}
	for range 2000 {
		if err := <-failed; err != nil {
			return "", err
		}
	}
	got, err := ground.everything(ctx, 2000)
	if err != nil {
		return "", err
	}
	return "2,000 records, each once and in order", same("values", values(got), numbers(0, 2000))
}

func transactional(ctx context.Context, ground *Ground) (string, error) {
	id := kgo.TransactionalID(ground.topic + "-id")
	first, err := ground.client(id)
	if err != nil {
		return "", err
	}
	defer first.Close()
	transaction := func(client *kgo.Client, values []int, end kgo.TransactionEndTry) error {
		if err := client.BeginTransaction(); err != nil {
			return err
		}
		if err := client.ProduceSync(ctx, valued(values, 0)...).FirstErr(); err != nil {
			return errors.Join(err, client.EndTransaction(ctx, kgo.TryAbort))
		}
		return client.EndTransaction(ctx, end)
	}
	if err := transaction(first, numbers(0, 10), kgo.TryCommit); err != nil {
		return "", err
	}
	if err := transaction(first, numbers(10, 20), kgo.TryAbort); err != nil {
		return "", err
	}
	second, err := ground.client(id)
	if err != nil {
		return "", err
	}
	defer second.Close()
	if err := transaction(second, []int{20}, kgo.TryCommit); err != nil {
		return "", err
	}
	fenced := transaction(first, []int{-1}, kgo.TryCommit)
	if fenced == nil {
		return "", errors.New("the first producer was not fenced")
	}
	got, err := ground.everything(ctx, 11, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return "", err
	}
	return "11 committed records seen, the first producer fenced", same("values", sorted(values(got)), append(numbers(0, 10), 20))
}

func readCommitted(ctx context.Context, ground *Ground) (string, error) {
	sender, err := ground.client(kgo.TransactionalID(ground.topic+"-id"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return "", err
	}
	defer sender.Close()
	if err := sender.BeginTransaction(); err != nil {
		return "", err
	}
	if err := sender.ProduceSync(ctx, valued(numbers(0, 10), 0)...).FirstErr(); err != nil {
		return "", err
	}
	if _, err := ground.everything(ctx, 10, kgo.FetchIsolationLevel(kgo.ReadUncommitted())); err != nil {
		return "", err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if got, _ := ground.everything(short, 1, kgo.FetchIsolationLevel(kgo.ReadCommitted())); len(got) > 0 {
		return "", fmt.Errorf("%d records of an open transaction", len(got))
	}
	if err := sender.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return "", err
	}
	_, err = ground.everything(ctx, 10, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	return "nothing before the commit, 10 records after it", err
}

func seek(ctx context.Context, ground *Ground) (string, error) {
	records := valued(numbers(0, 20), 0)
	for _, record := range records {
		record.Partition = 1
	}
	if err := ground.send(ctx, records, kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		return "", err
	}
	from := map[string]map[int32]kgo.Offset{ground.topic: {1: kgo.NewOffset().At(15)}}
	client, err := ground.client(kgo.ConsumePartitions(from))
	if err != nil {
		return "", err
	}
	defer client.Close()
	got, err := read(ctx, client, 5)
	if err != nil {
		return "", err
	}
	if err := same("from 15", values(got), numbers(15, 20)); err != nil {
		return "", err
	}
	client.SetOffsets(map[string]map[int32]kgo.EpochOffset{ground.topic: {1: {Epoch: -1, Offset: 0}}})
	if got, err = read(ctx, client, 20); err != nil {
		return "", err
	}
	return "from 15, then from 0", same("from 0", values(got), numbers(0, 20))
}

func timeLookup(ctx context.Context, ground *Ground) (string, error) {
	records := valued(numbers(0, 10), 0)
	for n, record := range records {
		record.Timestamp = time.UnixMilli(1_700_000_000_000 + int64(n)*1000)
	}
	if err := ground.send(ctx, records, kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		return "", err
	}
	client, err := ground.client()
	if err != nil {
		return "", err
	}
	defer client.Close()
	var found []int64
	for _, ms := range []int64{0, 3500, 9000, 9001} {
		listed, err := kadm.NewClient(client).ListOffsetsAfterMilli(ctx, 1_700_000_000_000+ms, ground.topic)
		if err != nil {
			return "", err
		}
		offset, _ := listed.Lookup(ground.topic, 0)
		found = append(found, offset.Offset)
	}
	// kadm gives the end where no record is late enough.
	return "offsets 0, 4, 9 and the end", same("offsets", found, []int64{0, 4, 9, 10})
}

func code(err error) string {
	var known *kerr.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return fmt.Sprint(err)
}
