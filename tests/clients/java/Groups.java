import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;

/** Members of a group, each polling on a thread of its own. */
final class Groups {
    private static final String COOPERATIVE = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";

    private Groups() {
    }

    static void addTo(Map<String, Program.Ability> abilities) {
        abilities.put("group_rebalance", (bootstrap, topic) -> rebalanced(bootstrap, topic));
        abilities.put("kip848", (bootstrap, topic) -> rebalanced(bootstrap, topic, "group.protocol", "consumer"));
        abilities.put("group_broker_crash",
                (bootstrap, topic) -> throughACrash(bootstrap, topic, () -> Program.crashLeader(0)));
        abilities.put("group_coordinator_crash",
                (bootstrap, topic) -> throughACrash(bootstrap, topic, () -> Program.crashCoordinator(topic)));
        abilities.put("static_member", Groups::staticMember);
        abilities.put("cooperative", Groups::cooperative);
    }

    interface Crash {
        void happen() throws Exception;
    }

    static final class Member implements ConsumerRebalanceListener {
        final Set<Integer> seen = new ConcurrentSkipListSet<>();
        final List<Set<Integer>> givenUp = new CopyOnWriteArrayList<>();
        volatile Set<Integer> owned = Set.of();
        private volatile boolean over;
        private final KafkaConsumer<String, String> consumer;
        private final Thread thread;

        Member(String bootstrap, String topic, String... settings) {
            String[] all = Stream.concat(Stream.of("group.id", topic), Stream.of(settings)).toArray(String[]::new);
            consumer = Records.consumer(bootstrap, all);
            consumer.subscribe(List.of(topic), this);
            thread = new Thread(this::run);
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            while (!over) {
                boolean any = false;
                for (ConsumerRecord<String, String> one : consumer.poll(Duration.ofMillis(100))) {
                    seen.add(Integer.valueOf(one.value()));
                    any = true;
                }
                owned = partitions(consumer.assignment());
                if (any) {
                    commit();
                }
            }
            consumer.close();
        }

        private void commit() {
            try {
                consumer.commitSync();
            } catch (RebalanceInProgressException | TimeoutException later) {
                // The next commit brings it up.
                owned = partitions(consumer.assignment());
            }
        }

        void leave() throws InterruptedException {
            over = true;
            thread.join(Program.WAIT_MS);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> gone) {
            if (!gone.isEmpty()) {
                givenUp.add(partitions(gone));
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> got) {
        }
    }

    static Set<Integer> partitions(Collection<TopicPartition> places) {
        return places.stream().map(TopicPartition::partition).collect(Collectors.toCollection(TreeSet::new));
    }

    static boolean shared(Member one, Member other) {
        Set<Integer> both = new TreeSet<>(one.owned);
        both.addAll(other.owned);
        return !one.owned.isEmpty() && !other.owned.isEmpty() && one.owned.size() + other.owned.size() == 3
                && both.size() == 3;
    }

    static boolean haveSeen(int count, Member... members) {
        Set<Integer> all = new TreeSet<>();
        for (Member one : members) {
            all.addAll(one.seen);
        }
        return all.size() == count;
    }

    private static void rest() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static void until(String what, java.util.function.BooleanSupplier is) {
        Program.until(what, () -> {
            rest();
            return is.getAsBoolean();
        });
    }

    private static String rebalanced(String bootstrap, String topic, String... settings) throws Exception {
        Records.send(bootstrap, topic, 0, 100);
        Member first = new Member(bootstrap, topic, settings);
        until("the first has all", () -> first.owned.size() == 3);
        Member second = new Member(bootstrap, topic, settings);
        until("both have some", () -> shared(first, second));
        Records.send(bootstrap, topic, 100, 200);
        until("200 records", () -> haveSeen(200, first, second));
        first.leave();
        until("the second has all", () -> second.owned.size() == 3);
        Records.send(bootstrap, topic, 200, 300);
        until("300 records", () -> haveSeen(300, first, second));
        second.leave();
        return "shared by two, then all with one; 300 records";
    }

    private static String throughACrash(String bootstrap, String topic, Crash crash) throws Exception {
        Records.send(bootstrap, topic, 0, 100);
        Member one = new Member(bootstrap, topic);
        until("100 records", () -> haveSeen(100, one));
        crash.happen();
        Records.send(bootstrap, topic, 100, 200);
        until("200 records", () -> haveSeen(200, one));
        one.leave();
        Set<TopicPartition> places =
                IntStream.range(0, 3).mapToObj(p -> new TopicPartition(topic, p)).collect(Collectors.toSet());
        try (KafkaConsumer<String, String> asking = Records.consumer(bootstrap, "group.id", topic)) {
            long committed = 0;
            for (OffsetAndMetadata offset : new ArrayList<>(asking.committed(places).values())) {
                committed += offset == null ? 0 : offset.offset();
            }
            Program.same(committed, 200L);
        }
        return "200 records, 200 committed";
    }

    private static String staticMember(String bootstrap, String topic) throws Exception {
        Member stays = new Member(bootstrap, topic, "group.instance.id", "instance-1");
        Member leaves = new Member(bootstrap, topic, "group.instance.id", "instance-2");
        until("both have some", () -> shared(stays, leaves));
        Set<Integer> had = leaves.owned;
        stays.givenUp.clear();
        leaves.leave();
        Member back = new Member(bootstrap, topic, "group.instance.id", "instance-2");
        until("it has them again", () -> back.owned.equals(had));
        Program.same(stays.givenUp, List.of());
        stays.leave();
        back.leave();
        return "partitions " + had + " again, no rebalance";
    }

    private static String cooperative(String bootstrap, String topic) throws Exception {
        String[] strategy = {"partition.assignment.strategy", COOPERATIVE};
        Member first = new Member(bootstrap, topic, strategy);
        until("the first has all", () -> first.owned.size() == 3);
        Member second = new Member(bootstrap, topic, strategy);
        until("both have some", () -> shared(first, second));
        Program.same(first.givenUp, List.of(second.owned));
        Program.same(second.owned.size(), 1);
        second.leave();
        first.leave();
        return "one of three partitions given up";
    }
}
