// franz-go, doing what README.md of the folder above says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var given = map[string]string{}
var printing sync.Mutex

func text(name, otherwise string) string {
	if value, ok := given[name]; ok {
		return value
	}
	return otherwise
}

func number(name string, otherwise int) int {
	value, err := strconv.Atoi(text(name, strconv.Itoa(otherwise)))
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(name string, value any) {
	line, err := json.Marshal(map[string]any{name: value})
	check(err)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func main() {
	for _, pair := range os.Args[3:] {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value
	}
	tasks := map[string]func(context.Context){
		"produce": produce, "consume": consume, "offset-for-time": offsetForTime, "admin": administrate,
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	tasks[os.Args[2]](ctx)
}

func open(options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(strings.Split(os.Args[1], ",")...))...)
	check(err)
	return client
}

func records() []*kgo.Record {
	topic, partition := text("topic", ""), int32(number("partition", 0))
	var all []*kgo.Record
	if text("shape", "plain") == "odd" {
		return []*kgo.Record{
			{Topic: topic, Partition: partition, Value: []byte("v")},
			{Topic: topic, Partition: partition, Key: []byte("k")},
			{Topic: topic, Partition: partition, Key: []byte("k"), Value: []byte{}},
		}
	}
	filling := strings.TrimSpace(strings.Repeat("millrace ", 10))
	for place := range number("count", 0) {
		index := number("first", 0) + place
		record := &kgo.Record{Topic: topic, Partition: partition}
		if keys := number("keys", 0); keys > 0 {
			record.Key = []byte(fmt.Sprintf("key-%d", index%keys))
		}
		record.Value = []byte(fmt.Sprintf("%s-%d-%s", text("prefix", "r"), index, filling))
		record.Headers = []kgo.RecordHeader{
			{Key: "index", Value: []byte(strconv.Itoa(index))}, {Key: "index", Value: []byte("again")},
		}
		if _, ok := given["time"]; ok {
			record.Timestamp = time.UnixMilli(int64(number("time", 0)) + int64(place)*1000)
		}
		all = append(all, record)
	}
	return all
}

func produceAll(ctx context.Context, client *kgo.Client) []*kgo.Record {
	all, pause := records(), time.Duration(number("pause", 0))*time.Millisecond
	for place, record := range all {
		client.Produce(ctx, record, func(_ *kgo.Record, err error) { check(err) })
		if pause > 0 && place%10 == 9 {
			time.Sleep(pause)
		}
	}
	check(client.Flush(ctx))
	return all
}

func produce(ctx context.Context) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	acks := map[string]kgo.Acks{"0": kgo.NoAck(), "1": kgo.LeaderAck(), "all": kgo.AllISRAcks()}
	options := []kgo.Opt{
		kgo.ProducerBatchCompression(codecs[text("codec", "none")]),
		kgo.RequiredAcks(acks[text("acks", "all")]),
		kgo.ProducerLinger(20 * time.Millisecond),
	}
	if text("idempotent", "false") != "true" {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	if number("partition", -1) >= 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	client := open(options...)
	results := produceAll(ctx, client)
	sent := [][]int64{}
	if text("acks", "all") != "0" {
		for _, record := range results {
			sent = append(sent, []int64{int64(record.Partition), record.Offset})
		}
	}
	client.Close()
	show("sent", sent)
}

type shown struct {
	Partition int32       `json:"partition"`
	Offset    int64       `json:"offset"`
	Key       *string     `json:"key"`
	Value     *string     `json:"value"`
	Headers   [][2]string `json:"headers"`
	Time      int64       `json:"time"`
}

func orNull(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	value := string(bytes)
	return &value
}

func showRecord(record *kgo.Record) {
	headers := [][2]string{}
	for _, header := range record.Headers {
		headers = append(headers, [2]string{header.Key, string(header.Value)})
	}
	show("record", shown{
		record.Partition, record.Offset, orNull(record.Key), orNull(record.Value), headers,
		record.Timestamp.UnixMilli(),
	})
}

// assignment keeps what the group gave this member, and prints each change.
type assignment struct {
	mutex sync.Mutex
	held  map[int32]bool
}

func (a *assignment) change(partitions map[string][]int32, isHeld bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, partition := range partitions[text("topic", "")] {
		if isHeld {
			a.held[partition] = true
		} else {
			delete(a.held, partition)
		}
	}
	all := []int{}
	for partition := range a.held {
		all = append(all, int(partition))
	}
	sort.Ints(all)
	show("assigned", all)
}

func consumerOptions() []kgo.Opt {
	topic := text("topic", "")
	start := kgo.ConsumeStartOffset(kgo.NewOffset().AtStart())
	if number("partition", -1) >= 0 {
		at := map[int32]kgo.Offset{int32(number("partition", 0)): kgo.NewOffset().At(int64(number("offset", 0)))}
		return []kgo.Opt{start, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: at})}
	}
	options := []kgo.Opt{start, kgo.ConsumeTopics(topic)}
	if text("group", "") == "" {
		return options
	}
	held := &assignment{held: map[int32]bool{}}
	taken := func(isHeld bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			held.change(partitions, isHeld)
		}
	}
	options = append(options,
		kgo.ConsumerGroup(text("group", "")), kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(taken(true)), kgo.OnPartitionsRevoked(taken(false)),
		kgo.OnPartitionsLost(taken(false)),
	)
	switch text("assignor", "range") {
	case "consumer":
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
	case "cooperative":
		options = append(options, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	default:
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	}
	return append(options, kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(time.Second))
}

func consume(ctx context.Context) {
	client := open(consumerOptions()...)
	seen, count := 0, number("count", 0)
	for ctx.Err() == nil && (count == 0 || seen < count) {
		fetches := client.PollRecords(ctx, 1)
		for _, problem := range fetches.Errors() {
			if ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, problem.Topic, problem.Partition, problem.Err)
			}
		}
		for _, record := range fetches.Records() {
			seen++
			showRecord(record)
			if text("group", "") != "" {
				commit(client, record)
			}
		}
	}
	client.Close()
	show("closed", true)
}

// commit may lose its partition to a rebalance first: then the record comes again, elsewhere. Where no broker is
// reached, the next record's commit says the same.
func commit(client *kgo.Client, record *kgo.Record) {
	err := client.CommitRecords(context.Background(), record)
	isPassing := errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.IllegalGeneration) ||
		errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.StaleMemberEpoch)
	var told *kerr.Error
	if errors.As(err, &told) && !told.Retriable && !isPassing {
		check(err)
	}
}

func offsetForTime(ctx context.Context) {
	client := open()
	defer client.Close()
	topic := text("topic", "")
	found, err := kadm.NewClient(client).ListOffsetsAfterMilli(ctx, int64(number("time", 0)), topic)
	check(err)
	offset, _ := found.Lookup(topic, int32(number("partition", 0)))
	check(offset.Err)
	show("offset", offset.Offset)
}

func administrate(ctx context.Context) {
	client := open()
	defer client.Close()
	admin := kadm.NewClient(client)
	topic := text("topic", "")
	retention := "3600000"
	_, err := admin.CreateTopic(ctx, 3, 1, map[string]*string{"retention.ms": &retention}, topic)
	check(err)
	partitions := func() int {
		found, err := admin.ListTopics(ctx, topic)
		check(err)
		return len(found[topic].Partitions)
	}
	show("created", partitions())
	has := func() bool {
		all, err := admin.ListTopics(ctx)
		check(err)
		return all.Has(topic)
	}
	show("listed", has())
	configs, err := admin.DescribeTopicConfigs(ctx, topic)
	check(err)
	for _, config := range configs[0].Configs {
		if config.Key == "retention.ms" {
			show("config", config.MaybeValue())
		}
	}
	grown, err := admin.CreatePartitions(ctx, 2, topic)
	check(err)
	check(grown.Error())
	show("grown", partitions())
	_, err = admin.DeleteTopic(ctx, topic)
	check(err)
	for tries := 0; tries < 100 && has(); tries++ {
		time.Sleep(100 * time.Millisecond)
	}
	show("deleted", !has())
}
