using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The model of the shared database: fences, batches in doubt, and servers that go away.</summary>
public sealed class SimClusterJournalTests
{
    private const int Shards = 4;
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly int Shard = ShardRegionActor.ShardOf(Zone.StableHash, Shards);

    private readonly SimScheduler _sim = new(1);
    private readonly FaultLog _log;
    private readonly SimNode _node1;
    private readonly SimNode _node2;

    public SimClusterJournalTests()
    {
        _log = new FaultLog(_sim);
        _node1 = _sim.CreateNode("n1");
        _node2 = _sim.CreateNode("n2");
    }

    [Fact]
    public void A_shard_is_taken_by_growing_epochs_and_written_under_the_last_only()
    {
        SimClusterJournal journal = new(_sim, _log);
        SimJournalClient one = journal.Connect(_node1);
        SimJournalClient two = journal.Connect(_node2);
        Assert.Empty(Take(one, 10)!.Value);
        Assert.True(Commit(one, 10, 1).Written);
        Assert.Null(Take(two, 9));
        Assert.Single(Take(two, 11)!.Value);
        Assert.NotNull(Take(two, 11));
        Assert.Null(Take(one, 10));
        Assert.Equal([new ShardEpoch(Shard, 10)], Commit(one, 10, 2).Fenced.AsEnumerable());
        Assert.Equal(1, journal.State.Rows[Zone].Generation);
        Assert.Empty(Commit(two, 11, 2).Fenced);
        Assert.Equal([(10L, 10L), (11L, 11L)], journal.State.Commits.Select(c => (c.Write.Epoch, c.Fence)));
    }

    [Fact]
    public void A_batch_with_a_shard_of_another_owner_names_it_and_writes_nothing()
    {
        SimClusterJournal journal = new(_sim, _log);
        SimJournalClient one = journal.Connect(_node1);
        Take(one, 10);
        DomainName other = DomainName.Parse("other.example.");
        CommitVerdict? verdict = null;
        one.Commit(
            [new SimWrite(Shard, 10, Row(1)), new SimWrite(Shard + 1, 10, new PutZone(Row(1).Row with { Name = other }))],
            () => Assert.Fail("no doubt"),
            v => verdict = v);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.False(verdict!.Written);
        Assert.Equal([Shard + 1], verdict.Fenced.Select(f => f.Shard));
        Assert.Empty(journal.State.Rows);
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(0, 0, 1)]
    public void A_batch_in_doubt_ends_with_the_truth(double requestLost, double answerLost, double late)
    {
        SimClusterJournal journal = new(
            _sim, _log, new JournalFaults { RequestLostChance = requestLost, AnswerLostChance = answerLost, LateChance = late });
        journal.State.Take(Shard, 10);
        ReplyBox box = new(_sim);
        SimJournalPort port = new(journal.Connect(_node1), Shards);
        port.Commit(new JournalBatch(5, [Row(1)], [new ShardEpoch(Shard, 10)]), box.ReplyTo);
        Assert.Equal(5, box.Expect<JournalInDoubt>().Id);
        if (requestLost > 0)
        {
            Assert.Equal(ReasonCode.JournalAway, box.Expect<JournalFailed>().Reason.Code);
            Assert.Empty(journal.State.Rows);
        }
        else
        {
            Assert.Equal(5, box.Expect<JournalCommitted>().Id);
            Assert.Single(journal.State.Rows);
        }
    }

    [Fact]
    public void Requests_wait_behind_a_batch_in_doubt_and_the_doubt_until_the_database_is_back()
    {
        SimClusterJournal journal = new(_sim, _log, new JournalFaults { LockChance = 1 });
        journal.State.Take(Shard, 10);
        ReplyBox box = new(_sim);
        SimJournalPort port = new(journal.Connect(_node1), Shards);
        port.Commit(new JournalBatch(1, [Row(1)], [new ShardEpoch(Shard, 10)]), box.ReplyTo);
        _sim.RunFor(TimeSpan.FromMilliseconds(5));
        journal.GoAway("journal.failover", TimeSpan.FromSeconds(20));
        port.ReadZone(Zone, box.ReplyTo);
        box.Expect<JournalInDoubt>();
        _sim.RunFor(TimeSpan.FromSeconds(18));
        Assert.Equal(0, box.Waiting);
        box.Expect<JournalFailed>();
        Assert.Null(box.Expect<ZoneRead>().Row);
    }

    [Fact]
    public void Whoever_takes_a_shard_waits_for_the_transaction_that_holds_its_fence()
    {
        SimClusterJournal journal = new(_sim, _log, new JournalFaults { LockChance = 1 });
        SimJournalClient one = journal.Connect(_node1);
        SimJournalClient two = journal.Connect(_node2);
        Take(one, 10);
        bool isWritten = false;
        one.Commit([new SimWrite(Shard, 10, Row(1))], () => { }, v => isWritten = v.Written);
        _sim.RunFor(TimeSpan.FromMilliseconds(10));
        Assert.Empty(journal.State.Rows);
        Assert.Single(Take(two, 11)!.Value);
        _sim.RunFor(TimeSpan.FromMilliseconds(10));
        Assert.True(isWritten);
    }

    [Fact]
    public void A_write_that_a_dead_node_had_sent_comes_too_late_behind_the_fence()
    {
        SimSeeds.ForEach(100, seed =>
        {
            SimScheduler sim = new(seed);
            SimNode node = sim.CreateNode("n1");
            SimClusterJournal journal = new(sim, new FaultLog(sim), new JournalFaults { LateChance = 1 });
            journal.State.Take(Shard, 10);
            journal.Connect(node).Commit([new SimWrite(Shard, 10, Row(1))], () => { }, _ => Assert.Fail("it is dead"));
            node.Crash();
            node.Restart();
            bool isTaken = false;
            journal.Connect(node).Take(Shard, Shards, 11, rows => isTaken = rows is { Length: 0 }, () => { });
            sim.RunFor(TimeSpan.FromSeconds(30));
            Assert.Equal(isTaken, journal.State.Rows.Count == 0);
            return sim.Unseed;
        });
    }

    [Fact]
    public void A_node_without_a_connection_is_told_so_and_others_go_on()
    {
        SimClusterJournal journal = new(_sim, _log);
        SimJournalClient one = journal.Connect(_node1);
        SimJournalClient two = journal.Connect(_node2);
        journal.Cut(_node1);
        Assert.False(Commit(one, 0, 1).Written);
        Assert.True(Commit(two, 0, 1).Written);
        journal.Mend(_node1);
        Assert.True(Commit(one, 0, 2).Written);
        bool? mayWrite = null;
        one.CheckFence(Shard, 5, m => mayWrite = m, () => { });
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.False(mayWrite);
    }

    private static PutZone Row(long generation) => new(new ZoneRow
    {
        Name = Zone,
        Wish = ZoneWish.Present,
        Generation = generation,
        Content = SampleZones.Content("example.com.", (uint)generation),
        ChangedAt = SimClockOptions.Epoch,
    });

    private CommitVerdict Commit(SimJournalClient client, long epoch, long generation)
    {
        CommitVerdict? verdict = null;
        client.Commit([new SimWrite(Shard, epoch, Row(generation))], () => { }, v => verdict = v);
        Assert.True(_sim.RunUntil(() => verdict is not null, TimeSpan.FromMinutes(1)), "no verdict");
        return verdict!;
    }

    private ImmutableArray<ZoneRow>? Take(SimJournalClient client, long epoch)
    {
        bool isDone = false;
        ImmutableArray<ZoneRow>? rows = null;
        client.Take(
            Shard,
            Shards,
            epoch,
            r =>
            {
                rows = r;
                isDone = true;
            },
            () => Assert.Fail("the database is there"));
        Assert.True(_sim.RunUntil(() => isDone, TimeSpan.FromMinutes(1)), "no answer");
        return rows;
    }
}
