import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.TopicExistsException;

/** What an administrator does, by Java's Admin. */
final class Administration {
    private Administration() {
    }

    interface Work {
        String with(Admin admin, String topic) throws Exception;
    }

    static void addTo(Map<String, Program.Ability> abilities) {
        abilities.put("admin_topics", administered(Administration::topics));
        abilities.put("admin_configs", administered(Administration::configs));
        abilities.put("admin_offsets", administered(Administration::offsets));
        abilities.put("admin_partitions", administered(Administration::partitions));
        abilities.put("admin_groups", (bootstrap, topic) -> groups(bootstrap, topic));
        abilities.put("admin_delete_records", (bootstrap, topic) -> deleteRecords(bootstrap, topic));
    }

    private static Program.Ability administered(Work work) {
        return (bootstrap, topic) -> {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                return work.with(admin, topic);
            }
        };
    }

    private static <T> T now(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed.getCause());
        }
    }

    private static Throwable refusal(KafkaFuture<?> future) throws InterruptedException {
        try {
            future.get();
            return null;
        } catch (ExecutionException refused) {
            return refused.getCause();
        }
    }

    private static String topics(Admin admin, String topic) throws Exception {
        String name = topic + "-made";
        NewTopic wish = new NewTopic(name, 2, (short) 3).configs(Map.of("retention.ms", "60000"));
        now(admin.createTopics(List.of(wish)).all());
        Throwable twice = refusal(admin.createTopics(List.of(wish)).all());
        Program.check(twice instanceof TopicExistsException, "made twice: " + twice);
        Program.until("listed", () -> now(admin.listTopics().names()).contains(name));
        TopicDescription described = now(admin.describeTopics(List.of(name)).allTopicNames()).get(name);
        Program.same(described.partitions().stream().map(one -> one.replicas().size()).toList(), List.of(3, 3));
        Program.same(now(admin.describeCluster().nodes()).size(), 3);
        now(admin.deleteTopics(List.of(name)).all());
        Program.until("gone", () -> !now(admin.listTopics().names()).contains(name));
        return "made, described, deleted";
    }

    private static String configs(Admin admin, String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry("retention.ms", "60000"), AlterConfigOp.OpType.SET);
        now(admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all());
        Program.until("told", () -> now(admin.describeConfigs(List.of(resource)).all()).get(resource)
                .get("retention.ms").value().equals("60000"));
        return "retention.ms is 60000";
    }

    private static String groups(String bootstrap, String topic) throws Exception {
        Groups.Member member = new Groups.Member(bootstrap, topic);
        Program.until("it has all", () -> member.owned.size() == 3);
        return administered((admin, group) -> {
            Program.check(now(admin.listGroups().all()).stream().anyMatch(one -> one.groupId().equals(group)),
                    "not listed");
            ConsumerGroupDescription described = now(admin.describeConsumerGroups(List.of(group)).all()).get(group);
            Program.same(described.groupState(), GroupState.STABLE);
            Program.same(described.members().size(), 1);
            Throwable busy = refusal(admin.deleteConsumerGroups(List.of(group)).all());
            Program.check(busy instanceof GroupNotEmptyException, "deleted with a member: " + busy);
            member.leave();
            now(admin.deleteConsumerGroups(List.of(group)).all());
            Program.check(now(admin.listGroups().all()).stream().noneMatch(one -> one.groupId().equals(group)),
                    "still listed");
            return "GroupNotEmptyException with a member, deleted without";
        }).show(bootstrap, topic);
    }

    private static String offsets(Admin admin, String topic) {
        TopicPartition place = new TopicPartition(topic, 0);
        now(admin.alterConsumerGroupOffsets(topic, Map.of(place, new OffsetAndMetadata(7))).all());
        Map<TopicPartition, OffsetAndMetadata> told =
                now(admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata());
        Program.same(told.get(place).offset(), 7L);
        now(admin.deleteConsumerGroupOffsets(topic, Set.of(place)).all());
        Program.same(now(admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata()), Map.of());
        return "set, read and deleted";
    }

    private static String deleteRecords(String bootstrap, String topic) throws Exception {
        try (var sender = Records.producer(bootstrap)) {
            for (int n = 0; n < 10; n++) {
                sender.send(new org.apache.kafka.clients.producer.ProducerRecord<>(topic, 0, null, "" + n)).get();
            }
        }
        return administered((admin, name) -> {
            TopicPartition place = new TopicPartition(name, 0);
            var deleted = admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(4)));
            Program.same(now(deleted.lowWatermarks().get(place)).lowWatermark(), 4L);
            var start = admin.listOffsets(Map.of(place, OffsetSpec.earliest()));
            Program.same(now(start.partitionResult(place)).offset(), 4L);
            return "begins at 4";
        }).show(bootstrap, topic);
    }

    private static String partitions(Admin admin, String topic) {
        now(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all());
        Program.until("five", () -> now(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic)
                .partitions().size() == 5);
        return "5 partitions";
    }
}
