"""Settings that Apache Kafka 4.3 has and nothing here reads: what Kafka does with each, group by group.

A broker's setting of this list is refused, so that nobody believes it works. A topic's is taken, checked and told
again as Kafka does, because tools bring it along, and does nothing. What has become honoured since drops
out by itself.
"""

OF_BROKERS: tuple[tuple[str, str], ...] = (
    (
        "Where it listens, and under which names and protocols. The command line of a lab says that.",
        "advertised.listeners controller.listener.names early.start.listeners inter.broker.listener.name "
        "listener.security.protocol.map listeners security.inter.broker.protocol",
    ),
    (
        "Who it is and where its data lie. A lab says that when it is made.",
        "broker.id broker.rack log.dir log.dirs metadata.log.dir node.id process.roles",
    ),
    (
        "Which controllers there are, and how they find each other. A lab says that when it is made.",
        "controller.quorum.auto.join.enable controller.quorum.bootstrap.servers controller.quorum.voters",
    ),
    (
        "TLS: keys, certificates, ciphers and the names in them.",
        "ssl.allow.dn.changes ssl.allow.san.changes ssl.cipher.suites ssl.client.auth ssl.enabled.protocols "
        "ssl.endpoint.identification.algorithm ssl.engine.factory.class ssl.key.password "
        "ssl.keymanager.algorithm ssl.keystore.certificate.chain ssl.keystore.key ssl.keystore.location "
        "ssl.keystore.password ssl.keystore.type ssl.principal.mapping.rules ssl.protocol ssl.provider "
        "ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates "
        "ssl.truststore.location ssl.truststore.password ssl.truststore.type",
    ),
    (
        "SASL: mechanisms, logins, Kerberos and OAuth tokens.",
        "connection.failed.authentication.delay.ms connections.max.reauth.ms "
        "sasl.client.callback.handler.class sasl.enabled.mechanisms sasl.jaas.config sasl.kerberos.kinit.cmd "
        "sasl.kerberos.min.time.before.relogin sasl.kerberos.principal.to.local.rules "
        "sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter "
        "sasl.kerberos.ticket.renew.window.factor sasl.login.callback.handler.class sasl.login.class "
        "sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds "
        "sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor "
        "sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms "
        "sasl.mechanism.controller.protocol sasl.mechanism.inter.broker.protocol "
        "sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud "
        "sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss "
        "sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds "
        "sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file "
        "sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase "
        "sasl.oauthbearer.assertion.template.file sasl.oauthbearer.client.credentials.client.id "
        "sasl.oauthbearer.client.credentials.client.secret sasl.oauthbearer.clock.skew.seconds "
        "sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer "
        "sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms "
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url "
        "sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope "
        "sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name "
        "sasl.oauthbearer.token.endpoint.url sasl.server.callback.handler.class sasl.server.max.receive.size",
    ),
    (
        "Who a client is and what it may: principals, authorizers, security providers.",
        "authorizer.class.name principal.builder.class security.providers",
    ),
    (
        "Delegation tokens.",
        "delegation.token.expiry.check.interval.ms delegation.token.expiry.time.ms "
        "delegation.token.max.lifetime.ms delegation.token.secret.key",
    ),
    (
        "Tiered storage: old segments in a remote store.",
        "follower.fetch.last.tiered.offset.enable remote.fetch.max.wait.ms "
        "remote.list.offsets.request.timeout.ms remote.log.index.file.cache.total.size.bytes "
        "remote.log.manager.copier.thread.pool.size remote.log.manager.copy.max.bytes.per.second "
        "remote.log.manager.copy.quota.window.num remote.log.manager.copy.quota.window.size.seconds "
        "remote.log.manager.expiration.thread.pool.size remote.log.manager.fetch.max.bytes.per.second "
        "remote.log.manager.fetch.quota.window.num remote.log.manager.fetch.quota.window.size.seconds "
        "remote.log.manager.follower.thread.pool.size remote.log.manager.task.interval.ms "
        "remote.log.manager.thread.pool.size remote.log.metadata.custom.metadata.max.bytes "
        "remote.log.metadata.manager.class.name remote.log.metadata.manager.class.path "
        "remote.log.metadata.manager.impl.prefix remote.log.metadata.manager.listener.name "
        "remote.log.reader.max.pending.tasks remote.log.reader.threads remote.log.storage.manager.class.name "
        "remote.log.storage.manager.class.path remote.log.storage.manager.impl.prefix "
        "remote.log.storage.system.enable",
    ),
    (
        "Policies, quotas and secrets by a class of the operator's. There are no plug-ins here.",
        "alter.config.policy.class.name client.quota.callback.class config.providers create.topic.policy.class.name",
    ),
    (
        "Metrics by way of JMX and reporters. The page shows what it shows.",
        "kafka.metrics.polling.interval.secs kafka.metrics.reporters metric.reporters metrics.num.samples "
        "metrics.recording.level metrics.sample.window.ms",
    ),
    (
        "How many threads do the work. A broker of the lab does one thing at a time.",
        "background.threads group.coordinator.background.threads group.coordinator.threads "
        "log.cleaner.threads num.io.threads num.network.threads num.recovery.threads.per.data.dir "
        "num.replica.alter.log.dirs.threads num.replica.fetchers share.coordinator.threads",
    ),
    (
        "Buffers and queues between the threads and sockets of a broker.",
        "group.coordinator.cached.buffer.max.bytes offsets.load.buffer.size queued.max.request.bytes "
        "queued.max.requests replica.socket.receive.buffer.bytes replica.socket.timeout.ms "
        "share.coordinator.cached.buffer.max.bytes share.coordinator.load.buffer.size "
        "socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms socket.listen.backlog.size "
        "socket.receive.buffer.bytes socket.send.buffer.bytes transaction.state.log.load.buffer.size",
    ),
    (
        "How many connections a broker takes, and how fast. The lab has a limit of its own, and quotas of addresses.",
        "max.connection.creation.rate max.connections max.connections.per.ip.overrides",
    ),
    (
        "When waits that are over are swept out. Here they are gone at once.",
        "delete.records.purgatory.purge.interval.requests fetch.purgatory.purge.interval.requests "
        "producer.purgatory.purge.interval.requests share.fetch.purgatory.purge.interval.requests",
    ),
    (
        "How long coordinators gather records before they write. Here they write at once.",
        "controller.quorum.append.linger.ms group.coordinator.append.linger.ms share.coordinator.append.linger.ms",
    ),
    (
        "Timings and sizes of what controllers say to each other and to brokers. Here they are Kafka's defaults.",
        "controller.quorum.fetch.max.bytes controller.quorum.fetch.snapshot.max.bytes "
        "controller.quorum.request.timeout.ms controller.quorum.retry.backoff.ms controller.socket.timeout.ms "
        "initial.broker.registration.timeout.ms metadata.max.idle.interval.ms",
    ),
    (
        "When the metadata log is cut: segments and old snapshots. Here snapshots are taken by size alone.",
        "metadata.log.max.snapshot.interval.ms metadata.log.segment.bytes metadata.log.segment.ms "
        "metadata.max.retention.bytes metadata.max.retention.ms",
    ),
    (
        "Memory, speed and whether there is a log cleaner at all. Here it always runs, and as fast as it can.",
        "log.cleaner.dedupe.buffer.size log.cleaner.enable log.cleaner.io.buffer.load.factor "
        "log.cleaner.io.buffer.size log.cleaner.io.max.bytes.per.second",
    ),
    (
        "When logs and checkpoints are forced to the platter by time.",
        "log.flush.offset.checkpoint.interval.ms log.flush.scheduler.interval.ms "
        "log.flush.start.offset.checkpoint.interval.ms",
    ),
    (
        "Several log directories on one broker: moving between them, one that fails, one that takes no more. "
        "Here there is one.",
        "alter.log.dirs.replication.quota.window.num alter.log.dirs.replication.quota.window.size.seconds "
        "cordoned.log.dirs log.dir.failure.timeout.ms",
    ),
    (
        "How long a silent producer's sequence numbers are kept. Here 24 hours, which is the default.",
        "producer.id.expiration.ms",
    ),
    (
        "The compression of internal topics. Here they are not compressed, which is the default.",
        "offsets.topic.compression.codec share.coordinator.state.topic.compression.codec",
    ),
    (
        "Which protocols groups may speak.",
        "group.coordinator.rebalance.protocols",
    ),
    (
        "Consumer groups by the new protocol (KIP-848): timeouts, sizes, assignors.",
        "group.consumer.assignment.interval.ms group.consumer.assignors group.consumer.heartbeat.interval.ms "
        "group.consumer.max.assignment.interval.ms group.consumer.max.heartbeat.interval.ms "
        "group.consumer.max.session.timeout.ms group.consumer.max.size group.consumer.migration.policy "
        "group.consumer.min.assignment.interval.ms group.consumer.min.heartbeat.interval.ms "
        "group.consumer.min.session.timeout.ms group.consumer.session.timeout.ms",
    ),
    (
        "Share groups (KIP-932): locks, sizes, timeouts.",
        "group.share.assignment.interval.ms group.share.assignors group.share.delivery.count.limit "
        "group.share.heartbeat.interval.ms group.share.max.assignment.interval.ms "
        "group.share.max.delivery.count.limit group.share.max.heartbeat.interval.ms "
        "group.share.max.partition.max.record.locks group.share.max.record.lock.duration.ms "
        "group.share.max.session.timeout.ms group.share.max.share.sessions group.share.max.size "
        "group.share.min.assignment.interval.ms group.share.min.delivery.count.limit "
        "group.share.min.heartbeat.interval.ms group.share.min.partition.max.record.locks "
        "group.share.min.record.lock.duration.ms group.share.min.session.timeout.ms "
        "group.share.partition.max.record.locks group.share.record.lock.duration.ms "
        "group.share.session.timeout.ms",
    ),
    (
        "The topic in which share groups keep their state.",
        "share.coordinator.snapshot.update.records.per.snapshot share.coordinator.state.topic.min.isr "
        "share.coordinator.state.topic.num.partitions share.coordinator.state.topic.replication.factor "
        "share.coordinator.state.topic.segment.bytes share.coordinator.write.timeout.ms",
    ),
    (
        "Groups of Kafka Streams by the new protocol (KIP-1071).",
        "group.streams.assignment.interval.ms group.streams.heartbeat.interval.ms "
        "group.streams.initial.rebalance.delay.ms group.streams.max.assignment.interval.ms "
        "group.streams.max.heartbeat.interval.ms group.streams.max.session.timeout.ms group.streams.max.size "
        "group.streams.max.standby.replicas group.streams.min.assignment.interval.ms "
        "group.streams.min.heartbeat.interval.ms group.streams.min.session.timeout.ms "
        "group.streams.num.standby.replicas group.streams.session.timeout.ms",
    ),
    (
        "Transactions: their log, their timeouts, and how requests for them are repeated.",
        "add.partitions.to.txn.retry.backoff.max.ms add.partitions.to.txn.retry.backoff.ms "
        "transaction.abort.timed.out.transaction.cleanup.interval.ms transaction.max.timeout.ms "
        "transaction.partition.verification.enable transaction.remove.expired.transaction.cleanup.interval.ms "
        "transaction.state.log.min.isr transaction.state.log.num.partitions "
        "transaction.state.log.replication.factor transaction.state.log.segment.bytes "
        "transaction.two.phase.commit.enable transactional.id.expiration.ms",
    ),
)
"""(what Kafka does with them, their names)."""

OF_TOPICS: tuple[tuple[str, str], ...] = (
    (
        "How hard the broker compresses. Here at the codec's own level.",
        "compression.gzip.level compression.lz4.level compression.zstd.level",
    ),
    (
        "When a log is forced to the platter by time.",
        "flush.ms",
    ),
    (
        "Whether segment files are made at full size.",
        "preallocate",
    ),
    (
        "Tiered storage: old segments in a remote store.",
        "local.retention.bytes local.retention.ms remote.log.copy.disable remote.log.delete.on.disable "
        "remote.storage.enable",
    ),
)
