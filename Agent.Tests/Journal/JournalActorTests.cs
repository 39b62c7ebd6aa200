using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What the writer does with batches that fail, over a store that the test plays.</summary>
public sealed class JournalActorTests : TestKitBase
{
    private const int Shards = 8;
    private const long Epoch = 5;

    private readonly PlayedJournal _store = new();
    private readonly IActorRef _journal;

    public JournalActorTests()
    {
        _journal = ActorOf(JournalActor.Props(_store, Shards));
    }

    [Fact]
    public void A_zone_that_cannot_be_written_fails_alone()
    {
        _store.Poison = DomainName.Parse("bad.example.");
        TestProbe[] probes = [.. Enumerable.Range(0, 5).Select(i => CreateTestProbe($"zone{i}"))];
        for (int i = 0; i < probes.Length; i++)
        {
            string name = i == 2 ? "bad.example." : $"z{i}.example.";
            probes[i].Send(_journal, new Append(i + 1, Epoch, [new PutZone(Row(name, 1))]));
        }

        RunReady();
        for (int i = 0; i < probes.Length; i++)
        {
            if (i == 2) Assert.Equal(i + 1, probes[i].ExpectMsg<AppendFailed>().Id);
            else Assert.Equal(i + 1, probes[i].ExpectMsg<AppendDone>().Id);
        }

        Assert.Equal(4, _store.Written.Count);
        Assert.True(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
    }

    [Fact]
    public void A_store_that_takes_nothing_fails_everybody_once()
    {
        _store.IsFull = true;
        TestProbe probe = CreateTestProbe("zone");
        for (int i = 1; i <= 3; i++) probe.Send(_journal, new Append(i, Epoch, [new PutZone(Row($"z{i}.example.", 1))]));
        Assert.Equal([1, 2, 3], probe.ReceiveN<AppendFailed>(3).Select(f => f.Id));
        probe.ExpectNoMsg(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_store_that_is_back_is_known_to_be_where_nothing_waits_to_be_written()
    {
        TestProbe probe = CreateTestProbe("zone");
        _store.IsFull = true;
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
        probe.ExpectMsg<AppendFailed>();
        (_store.IsFull, _store.IsAway) = (false, true);
        Advance(TimeSpan.FromSeconds(10));
        Assert.False(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
        _store.IsAway = false;
        Advance(TimeSpan.FromSeconds(10));
        Assert.True(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
        Assert.Empty(_store.Written);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_batch_in_doubt_is_held_and_everything_behind_it_is_refused(bool wasWritten)
    {
        _store.IsAway = true;
        TestProbe probe = CreateTestProbe("zone");
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
        probe.Send(_journal, new Append(2, Epoch, [new PutZone(Row("b.example.", 1))]));
        Assert.Equal(1, probe.ExpectMsg<AppendDelayed>().Id);
        Assert.Equal(2, probe.ExpectMsg<AppendFailed>().Id);
        probe.Send(_journal, new Append(3, Epoch, [new PutZone(Row("c.example.", 1))]));
        Assert.Equal(3, probe.ExpectMsg<AppendFailed>().Id);
        Assert.False(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);

        _store.Resolve(wasWritten);
        if (wasWritten) Assert.Equal(1, probe.ExpectMsg<AppendDone>().Id);
        else Assert.Equal(1, probe.ExpectMsg<AppendFailed>().Id);
        probe.Send(_journal, new Append(4, Epoch, [new PutZone(Row("d.example.", 1))]));
        Assert.Equal(4, probe.ExpectMsg<AppendDone>().Id);
        Assert.True(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
    }

    [Fact]
    public void What_nobody_waits_for_goes_with_the_next_write_or_alone_after_a_moment()
    {
        TestProbe probe = CreateTestProbe("zone");
        probe.Send(_journal, new Append(0, Epoch, [Line("a.example.")]));
        RunReady();
        Assert.Equal(0, _store.Batches);
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("b.example.", 1))]));
        probe.ExpectMsg<AppendDone>();
        Assert.Equal((1, 2), (_store.Batches, _store.Entries.Count));

        probe.Send(_journal, new Append(0, Epoch, [Line("a.example.")]));
        probe.Send(_journal, new Append(0, Epoch, [Line("b.example.")]));
        Advance(JournalActor.Linger);
        Assert.Equal((2, 4), (_store.Batches, _store.Entries.Count));
    }

    [Fact]
    public void What_lingers_is_written_before_the_history_is_read_and_at_the_end()
    {
        TestProbe probe = CreateTestProbe("zone");
        probe.Send(_journal, new Append(0, Epoch, [Line("a.example.")]));
        probe.Send(_journal, new AskHistory(null, 10));
        RunReady();
        Assert.Single(_store.Entries);

        probe.Send(_journal, new Append(0, Epoch, [Line("b.example.")]));
        RunReady();
        Sys.Stop(_journal);
        RunReady();
        Assert.Equal(2, _store.Entries.Count);
    }

    [Fact]
    public void One_of_a_crowd_waits_for_company_and_no_longer_than_a_moment()
    {
        TestProbe[] crowd = [.. Enumerable.Range(0, 2 * JournalCrowd.CrowdMin).Select(i => CreateTestProbe($"zone{i}"))];
        foreach (TestProbe zone in crowd)
        {
            zone.Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
            RunReady();
        }

        Advance(JournalCrowd.PauseMax);

        // A quarter of those that come all the time is company enough.
        int before = _store.Batches;
        foreach (TestProbe zone in crowd[..(crowd.Length / 4)])
        {
            Assert.Equal(before, _store.Batches);
            zone.Send(_journal, new Append(2, Epoch, [new PutZone(Row("a.example.", 1))]));
            RunReady();
        }

        Assert.Equal(before + 1, _store.Batches);
        crowd[0].Send(_journal, new Append(3, Epoch, [new PutZone(Row("a.example.", 1))]));
        RunReady();
        Assert.Equal(before + 1, _store.Batches);
        Advance(JournalCrowd.PauseMax);
        Assert.Equal(before + 2, _store.Batches);

        // It has been quiet since.
        Advance(TimeSpan.FromSeconds(1));
        for (int i = 0; i < 4; i++)
        {
            crowd[0].Send(_journal, new Append(4 + i, Epoch, [new PutZone(Row("a.example.", 1))]));
            RunReady();
            Assert.Equal(before + 3 + i, _store.Batches);
        }
    }

    [Fact]
    public void Nobody_who_reads_waits_for_company_of_a_crowd()
    {
        foreach (int i in Enumerable.Range(0, 2 * JournalCrowd.CrowdMin))
        {
            CreateTestProbe($"zone{i}").Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
            RunReady();
        }

        Advance(JournalCrowd.PauseMax);
        int before = _store.Batches;
        TestProbe reader = CreateTestProbe("reader");
        reader.Send(_journal, new Append(2, Epoch, [new PutZone(Row("a.example.", 1))]));
        RunReady();
        Assert.Equal(before, _store.Batches);
        reader.Send(_journal, new PassJournal());
        RunReady();
        Assert.Equal(before + 1, _store.Batches);
        Assert.Equal(2, reader.ExpectMsg<AppendDone>().Id);
        reader.ExpectMsg<JournalPassed>();
    }

    [Fact]
    public void What_few_zones_wait_for_never_waits_for_company()
    {
        TestProbe[] crowd = [.. Enumerable.Range(0, 4).Select(i => CreateTestProbe($"zone{i}"))];
        for (int i = 0; i < 100; i++)
        {
            foreach (TestProbe zone in crowd) zone.Send(_journal, new Append(i + 1, Epoch, [new PutZone(Row("a.example.", 1))]));
            RunReady();
            Assert.All(crowd, zone => Assert.Equal(i + 1, zone.ExpectMsg<AppendDone>().Id));
        }
    }

    [Fact]
    public void A_fence_is_final_and_ends_the_ownership_of_all_shards()
    {
        TestProbe region = CreateTestProbe("region");
        Sys.EventStream.Subscribe(region.Ref, typeof(OwnershipEnded));
        _store.IsFenced = true;
        TestProbe probe = CreateTestProbe("zone");
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
        probe.Send(_journal, new Append(2, Epoch, [new PutZone(Row("b.example.", 1))]));
        Assert.All(probe.ReceiveN<AppendFailed>(2), f => Assert.Equal(ReasonCode.JournalFenced, f.Reason.Code));
        region.ExpectMsg<OwnershipEnded>();

        _store.IsFenced = false;
        probe.Send(_journal, new Append(3, Epoch, [new PutZone(Row("c.example.", 1))]));
        Assert.Equal(ReasonCode.JournalFenced, probe.ExpectMsg<AppendFailed>().Reason.Code);
        Assert.Empty(_store.Written);
        Assert.False(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
    }

    [Fact]
    public void A_shard_that_is_fenced_fails_alone_and_is_told()
    {
        TestProbe region = CreateTestProbe("region");
        Sys.EventStream.Subscribe(region.Ref, typeof(ShardFenced));
        Sys.EventStream.Subscribe(region.Ref, typeof(OwnershipEnded));
        TestProbe[] probes = [.. Enumerable.Range(0, 20).Select(i => CreateTestProbe($"zone{i}"))];
        ShardEpoch fenced = ClaimOf("z3.example.");
        _store.Others.Add(fenced);
        _store.Slow = Sim;
        // The first batch is of one; the others come together behind it.
        for (int i = 0; i < probes.Length; i++) probes[i].Send(_journal, new Append(i + 1, Epoch, [new PutZone(Row($"z{i}.example.", 1))]));
        Advance(TimeSpan.FromSeconds(10));
        for (int i = 0; i < probes.Length; i++)
        {
            if (ClaimOf($"z{i}.example.") == fenced)
                Assert.Equal(ReasonCode.JournalFenced, probes[i].ExpectMsg<AppendFailed>().Reason.Code);
            else
                Assert.Equal(i + 1, probes[i].ExpectMsg<AppendDone>().Id);
        }

        Assert.Equal(new ShardFenced(fenced.Shard, Epoch), region.ExpectMsg<ShardFenced>());
        region.ExpectNoMsg(TimeSpan.FromSeconds(1));
        Assert.Equal(probes.Length - _store.Written.Count, probes.Index().Count(p => ClaimOf($"z{p.Index}.example.") == fenced));
        Assert.True(Ask<JournalHealth>(_journal, new GetJournalHealth()).Writable);
    }

    [Fact]
    public void A_late_write_of_a_former_host_fails_beside_one_of_the_present_host_of_the_same_shard()
    {
        _store.Others.Add(new ShardEpoch(ClaimOf("z.example.").Shard, Epoch));
        TestProbe former = CreateTestProbe("former");
        TestProbe present = CreateTestProbe("present");
        _store.Slow = Sim;
        present.Send(_journal, new Append(1, Epoch + 1, [new PutZone(Row("z.example.", 7))]));
        former.Send(_journal, new Append(2, Epoch, [new PutZone(Row("z.example.", 8))]));
        present.Send(_journal, new Append(3, Epoch + 1, [new PutZone(Row("z.example.", 9))]));
        Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([1, 3], present.ReceiveN<AppendDone>(2).Select(done => done.Id));
        Assert.Equal(2, former.ExpectMsg<AppendFailed>().Id);
        Assert.Equal([7L, 9L], _store.Entries.OfType<PutZone>().Select(put => put.Row.Generation));
    }

    [Fact]
    public void What_was_kept_for_a_shard_ends_with_its_epoch()
    {
        TestProbe probe = CreateTestProbe("zone");
        var lost = new ZoneEvent(DomainName.Parse("z.example."), Noon, "transferred", "under the old epoch");
        string other = Enumerable.Range(0, 100).Select(i => $"other{i}.example.").First(n => ClaimOf(n) != ClaimOf("z.example."));
        var told = new ZoneEvent(DomainName.Parse(other), Noon, "transferred", "of another shard");
        _store.IsFull = true;
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("z.example.", 1)), lost]));
        probe.Send(_journal, new Append(2, Epoch, [new PutZone(Row(other, 1)), told]));
        Assert.Equal(2, probe.ReceiveN<AppendFailed>(2).Count);
        _store.IsFull = false;
        _store.Others.Add(ClaimOf("z.example."));
        Advance(TimeSpan.FromSeconds(11));
        Assert.Equal([told], _store.Entries);
        // Under the next epoch of the same shard nothing of the former comes along.
        probe.Send(_journal, new Append(3, Epoch + 1, [new PutZone(Row("z.example.", 2))]));
        probe.ExpectMsg<AppendDone>();
        Assert.Equal(2, _store.Entries.Count);
    }

    [Fact]
    public void The_fence_can_be_asked_while_a_batch_is_in_doubt()
    {
        TestProbe probe = CreateTestProbe("target");
        _store.IsAway = true;
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("a.example.", 1))]));
        probe.ExpectMsg<AppendDelayed>();
        _store.Others.Add(new ShardEpoch(3, Epoch));
        probe.Send(_journal, new AskFence(11, 3, Epoch));
        probe.Send(_journal, new AskFence(12, 4, Epoch));
        Assert.Equal((11L, false), (probe.ExpectMsg<FenceChecked>() is var no ? (no.Request, no.Held) : default));
        Assert.Equal((12L, true), (probe.ExpectMsg<FenceChecked>() is var yes ? (yes.Request, yes.Held) : default));
    }

    private static ShardEpoch ClaimOf(string zone) =>
        new(ShardRegionActor.ShardOf(DomainName.Parse(zone).StableHash, Shards), Epoch);

    [Fact]
    public void History_of_a_failed_write_goes_along_with_a_later_one()
    {
        TestProbe probe = CreateTestProbe("zone");
        var name = DomainName.Parse("z.example.");
        var told = new ZoneEvent(name, Noon, "transferred", "3 records");
        _store.IsFull = true;
        probe.Send(_journal, new Append(1, Epoch, [new PutZone(Row("z.example.", 1)), told]));
        probe.ExpectMsg<AppendFailed>();
        _store.IsFull = false;
        Advance(TimeSpan.FromSeconds(11));
        Assert.Equal([told], _store.Entries);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([told], _store.Entries);
    }

    [Fact]
    public void A_row_is_read_behind_the_writes_that_were_asked_before()
    {
        _store.Slow = Sim;
        TestProbe zone = CreateTestProbe("zone");
        TestProbe shard = CreateTestProbe("shard");
        for (int i = 1; i <= 3; i++) zone.Send(_journal, new Append(i, Epoch, [new PutZone(Row("z.example.", i))]));
        shard.Send(_journal, new AskZoneRow(DomainName.Parse("z.example.")));
        zone.Send(_journal, new Append(4, Epoch, [new PutZone(Row("z.example.", 4))]));
        Assert.Equal(3, shard.ExpectMsg<ZoneRead>(TimeSpan.FromSeconds(10)).Row!.Generation);
    }

    [Fact]
    public void A_writer_that_breaks_says_so_and_goes_on()
    {
        TestProbe listener = CreateTestProbe("listener");
        Sys.EventStream.Subscribe(listener.Ref, typeof(JournalRestarted));
        TestProbe zone = CreateTestProbe("zone");
        _store.Throws = true;
        var append = new Append(1, Epoch, [new PutZone(Row("z.example.", 1))]);
        zone.Send(_journal, append);
        listener.ExpectMsg<JournalRestarted>();
        zone.ExpectNoMsg(TimeSpan.FromSeconds(1));
        zone.Send(_journal, append);
        Assert.Equal(1, zone.ExpectMsg<AppendDone>().Id);
    }

    private static ZoneEvent Line(string zone) => new(DomainName.Parse(zone), Noon, "transferred", "for a test");

    private sealed class PlayedJournal : IJournal
    {
        private (JournalBatch Batch, ReplyTo ReplyTo)? _doubt;

        public bool IsAway { get; set; }

        public bool IsFenced { get; set; }

        public void Resolve(bool wasWritten)
        {
            IsAway = false;
            (JournalBatch batch, ReplyTo replyTo) = _doubt!.Value;
            replyTo.Tell(wasWritten
                ? new JournalCommitted(batch.Id)
                : new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, "it was not written")));
        }

        /// <summary>What has another owner by now.</summary>
        public HashSet<ShardEpoch> Others { get; } = [];

        public DomainName? Poison { get; set; }

        public bool IsFull { get; set; }

        public List<DomainName> Written { get; } = [];

        public List<JournalEntry> Entries { get; } = [];

        /// <summary>Each commit takes a second of this.</summary>
        public SimScheduler? Slow { get; set; }

        /// <summary>Once, against all promises of the port.</summary>
        public bool Throws { get; set; }

        public int Batches { get; private set; }

        public void Commit(JournalBatch batch, ReplyTo replyTo)
        {
            Batches++;
            if (Throws)
            {
                Throws = false;
                throw new IOException("for a test");
            }

            if (Slow is null) CommitNow(batch, replyTo);
            else Slow.Schedule(TimeSpan.FromSeconds(1), () => CommitNow(batch, replyTo));
        }

        private void CommitNow(JournalBatch batch, ReplyTo replyTo)
        {
            var reason = new Reason(ReasonCode.JournalAway, "for a test");
            if (batch.Claims.Any(Others.Contains))
            {
                replyTo.Tell(new JournalFailed(
                    batch.Id, new Reason(ReasonCode.JournalFenced, "for a test"), null, [.. batch.Claims.Where(Others.Contains)]));
            }
            else if (IsFenced)
            {
                replyTo.Tell(new JournalFailed(batch.Id, new Reason(ReasonCode.JournalFenced, "for a test")));
            }
            else if (IsAway)
            {
                _doubt = (batch, replyTo);
                replyTo.Tell(new JournalInDoubt(batch.Id, reason));
            }
            else if (IsFull)
            {
                replyTo.Tell(new JournalFailed(batch.Id, reason));
            }
            else if (batch.Entries.Any(e => e.Zone.Equals(Poison)))
            {
                replyTo.Tell(new JournalFailed(batch.Id, reason, Poison));
            }
            else
            {
                Entries.AddRange(batch.Entries);
                Written.AddRange(batch.Entries.Select(e => e.Zone));
                replyTo.Tell(new JournalCommitted(batch.Id));
            }
        }

        public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => replyTo.Tell(new WantedRead(after, []));

        public void CountGivenUp(ReplyTo replyTo) => replyTo.Tell(new GivenUpRead(0, 0));

        public void ReadOwned(DomainName catalog, ReplyTo replyTo) => replyTo.Tell(new OwnedRead(catalog, []));

        public void ReadKept(DomainName zone, ReplyTo replyTo) => replyTo.Tell(new KeptRead(zone, null));

        public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => replyTo.Tell(new KeptListed([]));

        public void ReadZone(DomainName zone, ReplyTo replyTo) => replyTo.Tell(
            new ZoneRead(zone, Entries.OfType<PutZone>().LastOrDefault(p => p.Zone.Equals(zone))?.Row));

        public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo) => replyTo.Tell(new ShardLoaded(shard, []));

        public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo) => replyTo.Tell(
            Others.Contains(new ShardEpoch(shard, epoch))
                ? new FenceChecked(request, Held: false, new Reason(ReasonCode.JournalFenced, "for a test"))
                : new FenceChecked(request, Held: true, Reason: null));

        public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => replyTo.Tell(
            new HistoryRead([], IsAway ? new Reason(ReasonCode.JournalAway, "for a test") : null));

        public void PurgeExpired(DateTimeOffset now)
        {
        }
    }
}
