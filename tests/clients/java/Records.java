import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/** Producing and reading by partitions, with the clients' defaults unless the capability is a setting. */
final class Records {
    private static final String STRINGS = "org.apache.kafka.common.serialization.String";
    private static final long LONG_AGO = 1_700_000_000_000L;

    private Records() {
    }

    static void addTo(Map<String, Program.Ability> abilities) {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            abilities.put("produce_" + codec, (bootstrap, topic) -> compressed(bootstrap, topic, codec));
        }
        abilities.put("keyed", Records::keyed);
        abilities.put("unkeyed", Records::unkeyed);
        abilities.put("headers", Records::headers);
        abilities.put("idempotent", Records::idempotent);
        abilities.put("transactional", Records::transactional);
        abilities.put("read_committed", Records::readCommitted);
        abilities.put("seek", Records::seek);
        abilities.put("time_lookup", Records::timeLookup);
    }

    static KafkaProducer<String, String> producer(String bootstrap, String... settings) {
        Properties all = properties(bootstrap, settings);
        all.put("key.serializer", STRINGS + "Serializer");
        all.put("value.serializer", STRINGS + "Serializer");
        return new KafkaProducer<>(all);
    }

    static KafkaConsumer<String, String> consumer(String bootstrap, String... settings) {
        Properties all = properties(bootstrap, settings);
        all.put("key.deserializer", STRINGS + "Deserializer");
        all.put("value.deserializer", STRINGS + "Deserializer");
        all.putIfAbsent("auto.offset.reset", "earliest");
        all.putIfAbsent("enable.auto.commit", "false");
        return new KafkaConsumer<>(all);
    }

    private static Properties properties(String bootstrap, String... settings) {
        Properties all = new Properties();
        all.put("bootstrap.servers", bootstrap);
        for (int at = 0; at < settings.length; at += 2) {
            all.put(settings[at], settings[at + 1]);
        }
        return all;
    }

    static void send(String bootstrap, String topic, int from, int to) throws Exception {
        try (KafkaProducer<String, String> sender = producer(bootstrap)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int n = from; n < to; n++) {
                sent.add(sender.send(new ProducerRecord<>(topic, "key-" + n % 7, String.valueOf(n))));
            }
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        }
    }

    static List<ConsumerRecord<String, String>> read(KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> got = new ArrayList<>();
        Program.until(count + " records", () -> {
            consumer.poll(Duration.ofMillis(200)).forEach(got::add);
            return got.size() >= count;
        });
        return got;
    }

    static List<ConsumerRecord<String, String>> everything(
            String bootstrap, String topic, int count, String... settings) {
        try (KafkaConsumer<String, String> consumer = consumer(bootstrap, settings)) {
            List<TopicPartition> places = List.of(0, 1, 2).stream().map(p -> new TopicPartition(topic, p)).toList();
            consumer.assign(places);
            consumer.seekToBeginning(places);
            return read(consumer, count);
        }
    }

    static List<Integer> values(List<ConsumerRecord<String, String>> records) {
        return records.stream().map(one -> Integer.valueOf(one.value())).toList();
    }

    static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    static List<Integer> sorted(List<Integer> some) {
        return some.stream().sorted().toList();
    }

    private static String compressed(String bootstrap, String topic, String codec) {
        List<String> sent = new ArrayList<>();
        try (KafkaProducer<String, String> sender =
                producer(bootstrap, "compression.type", codec, "linger.ms", "20")) {
            for (int n = 0; n < 200; n++) {
                sent.add(("value " + n + " ").repeat(20));
                sender.send(new ProducerRecord<>(topic, "key-" + n % 7, sent.get(n)));
            }
        }
        List<String> got = new ArrayList<>();
        everything(bootstrap, topic, 200).forEach(one -> got.add(one.value()));
        Collections.sort(sent);
        Collections.sort(got);
        Program.same(got, sent);
        return "200 records came back";
    }

    private static String keyed(String bootstrap, String topic) throws Exception {
        send(bootstrap, topic, 0, 300);
        Map<String, List<Integer>> byKey = new HashMap<>();
        Map<String, Integer> places = new HashMap<>();
        for (ConsumerRecord<String, String> one : everything(bootstrap, topic, 300)) {
            byKey.computeIfAbsent(one.key(), key -> new ArrayList<>()).add(Integer.valueOf(one.value()));
            Program.same(places.computeIfAbsent(one.key(), key -> one.partition()), one.partition());
        }
        for (int key = 0; key < 7; key++) {
            int rest = key;
            List<Integer> wanted = numbers(0, 300).stream().filter(n -> n % 7 == rest).toList();
            Program.same(byKey.get("key-" + key), wanted);
        }
        return "7 keys in " + places.values().stream().distinct().count() + " partitions";
    }

    private static String unkeyed(String bootstrap, String topic) {
        try (KafkaProducer<String, String> sender = producer(bootstrap)) {
            numbers(0, 100).forEach(n -> sender.send(new ProducerRecord<>(topic, String.valueOf(n))));
        }
        List<ConsumerRecord<String, String>> got = everything(bootstrap, topic, 100);
        Program.check(got.stream().allMatch(one -> one.key() == null), "a key where none was sent");
        Program.same(sorted(values(got)), numbers(0, 100));
        return "100 records with null for a key";
    }

    private static String headers(String bootstrap, String topic) throws Exception {
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, "x");
        record.headers().add("a", "1".getBytes(StandardCharsets.UTF_8));
        record.headers().add("b", new byte[0]);
        record.headers().add("a", "2".getBytes(StandardCharsets.UTF_8));
        record.headers().add("none", null);
        try (KafkaProducer<String, String> sender = producer(bootstrap)) {
            sender.send(record).get();
        }
        List<String> got = new ArrayList<>();
        for (Header one : everything(bootstrap, topic, 1).get(0).headers()) {
            got.add(one.key() + "=" + (one.value() == null ? "null" : Arrays.toString(one.value())));
        }
        Program.same(got, List.of("a=[49]", "b=[]", "a=[50]", "none=null"));
        return "four headers in order";
    }

    private static String idempotent(String bootstrap, String topic) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> sender = producer(bootstrap, "linger.ms", "5")) {
            for (int n = 0; n < 2000; n++) {
                sent.add(sender.send(new ProducerRecord<>(topic, 0, null, String.valueOf(n))));
                if (n == 1000) {
                    Thread.sleep(200);
                    Program.crashLeader(0);
                }
            }
            for (int n = 0; n < 2000; n++) {
                Program.same(sent.get(n).get().offset(), (long) n);
            }
        }
        Program.same(values(everything(bootstrap, topic, 2000)), numbers(0, 2000));
        return "2,000 records, each once and in order";
    }

    private static String transactional(String bootstrap, String topic) {
        String[] id = {"transactional.id", topic + "-id"};
        String fencedBy = null;
        try (KafkaProducer<String, String> first = producer(bootstrap, id)) {
            first.initTransactions();
            first.beginTransaction();
            numbers(0, 10).forEach(n -> first.send(new ProducerRecord<>(topic, String.valueOf(n))));
            first.commitTransaction();
            first.beginTransaction();
            numbers(10, 20).forEach(n -> first.send(new ProducerRecord<>(topic, String.valueOf(n))));
            first.flush();
            first.abortTransaction();
            try (KafkaProducer<String, String> second = producer(bootstrap, id)) {
                second.initTransactions();
                try {
                    first.beginTransaction();
                    first.send(new ProducerRecord<>(topic, "-1"));
                    first.commitTransaction();
                } catch (KafkaException fenced) {
                    fencedBy = fenced.getClass().getSimpleName();
                }
                second.beginTransaction();
                second.send(new ProducerRecord<>(topic, "20"));
                second.commitTransaction();
            }
        }
        Program.check(fencedBy != null, "the first producer was not fenced");
        List<Integer> wanted = IntStream.concat(IntStream.range(0, 10), IntStream.of(20)).boxed().toList();
        Program.same(sorted(values(everything(bootstrap, topic, 11, "isolation.level", "read_committed"))), wanted);
        return "11 committed records seen, the zombie met " + fencedBy;
    }

    private static String readCommitted(String bootstrap, String topic) {
        TopicPartition place = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> sender = producer(bootstrap, "transactional.id", topic + "-id");
                KafkaConsumer<String, String> careful = consumer(bootstrap, "isolation.level", "read_committed")) {
            sender.initTransactions();
            sender.beginTransaction();
            numbers(0, 10).forEach(n -> sender.send(new ProducerRecord<>(topic, 0, null, String.valueOf(n))));
            sender.flush();
            Program.same(everything(bootstrap, topic, 10).size(), 10);
            careful.assign(List.of(place));
            careful.seekToBeginning(List.of(place));
            Program.same(careful.poll(Duration.ofSeconds(2)).count(), 0);
            sender.commitTransaction();
            Program.same(read(careful, 10).size(), 10);
        }
        return "nothing before the commit, 10 records after it";
    }

    private static String seek(String bootstrap, String topic) {
        TopicPartition place = new TopicPartition(topic, 1);
        try (KafkaProducer<String, String> sender = producer(bootstrap)) {
            numbers(0, 20).forEach(n -> sender.send(new ProducerRecord<>(topic, 1, null, String.valueOf(n))));
        }
        try (KafkaConsumer<String, String> reader = consumer(bootstrap)) {
            reader.assign(List.of(place));
            reader.seek(place, 15);
            Program.same(values(read(reader, 5)), numbers(15, 20));
            reader.seekToBeginning(List.of(place));
            Program.same(values(read(reader, 20)), numbers(0, 20));
            Program.same(reader.endOffsets(List.of(place)), Map.of(place, 20L));
        }
        return "from 15, then from 0";
    }

    private static String timeLookup(String bootstrap, String topic) {
        TopicPartition place = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> sender = producer(bootstrap)) {
            numbers(0, 10).forEach(
                    n -> sender.send(new ProducerRecord<>(topic, 0, LONG_AGO + n * 1000, null, String.valueOf(n))));
        }
        try (KafkaConsumer<String, String> reader = consumer(bootstrap)) {
            List<String> found = List.of(0, 3500, 9000, 9001).stream()
                    .map(ms -> reader.offsetsForTimes(Map.of(place, LONG_AGO + ms)).get(place))
                    .map(one -> one == null ? "none" : String.valueOf(one.offset()))
                    .collect(Collectors.toList());
            Program.same(found, List.of("0", "4", "9", "none"));
        }
        return "offsets 0, 4, 9 and none";
    }
}
