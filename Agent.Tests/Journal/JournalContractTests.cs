using System.Runtime.CompilerServices;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What every journal does, whatever it is kept in.</summary>
public abstract partial class JournalContractTests(JournalFixture fixture) : IDisposable
{
    private readonly JournalFixture _journal = fixture;

    public void Dispose()
    {
        _journal.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The handle on a small content that stays in the database until it is read.</summary>
    protected abstract Type LazyContent { get; }

    /// <summary>Whether a large content is lost with its file, so that a master has to be asked for it.</summary>
    protected abstract bool HasOnlyTheFile { get; }

    [Fact]
    public void A_row_comes_back_whole_after_a_restart()
    {
        ZoneRow row = Row("Example.ORG.", 7, Small("Example.ORG.", 2_147_483_650)) with
        {
            Wish = ZoneWish.Absent,
            RefreshedAt = Noon.AddSeconds(1),
            Reason = new Reason("no-master", "Nobody is there."),
            ReasonSince = Noon.AddSeconds(2),
            Targets =
            [
                new TargetProgress("ns1", TargetZoneState.Verified, uint.MaxValue, Noon.AddMilliseconds(5), null),
                new TargetProgress("ns2", TargetZoneState.Refused, null, null, new Reason("target-refused", "It said 'no'.")),
            ],
        };
        _journal.Commit(new PutZone(row));
        _journal.Reopen();

        ZoneRow loaded = _journal.LoadOne("example.org.");
        Assert.Equal("Example.ORG.", loaded.Name.ToString());
        Assert.Equal(row.Content!.Facts, loaded.Content!.Facts);
        Assert.Equal(ReadAll(row.Content), ReadAll(loaded.Content));
        Assert.Equal(row.Targets.AsEnumerable(), loaded.Targets);
        Assert.Equal(row with { Content = null, Targets = [] }, loaded with { Content = null, Targets = [] });
        Assert.Empty(_journal.ContentFiles);
    }

    [Fact]
    public async Task Zones_of_a_catalog_are_found_while_they_are_wanted()
    {
        var owner = new ZoneOwner(DomainName.Parse("cat.example."), "a1", "fast", DomainName.Parse("next.example."));
        ZoneRow member = Row("member.example.", 1, Small("member.example.", 5)) with { Owner = owner };
        _journal.Commit(
            new PutZone(member),
            new PutZone(Row("gone.example.", 1, null) with { Owner = owner, Wish = ZoneWish.Absent }),
            new PutZone(Row("free.example.", 1, null)),
            new PutZone(Row("cat.example.", 1, Small("cat.example.", 1)) with { Owner = new ZoneOwner(owner.Catalog) }),
            new PutZone(Row("other.example.", 1, null) with { Owner = new ZoneOwner(DomainName.Parse("cat2.example.")) }));
        _journal.Reopen();

        Assert.Equal((owner, null), (_journal.LoadOne("member.example.").Owner, _journal.LoadOne("free.example.").Owner));
        OwnedZone owned = Assert.Single(_journal.Owned("CAT.example."));
        Assert.Equal((member.Name, owner), (owned.Zone, owned.Owner));
        Assert.Equal(member.Name, Assert.Single(await _journal.Journal.ReadWantedNamesAsync()));

        _journal.Commit(new PutZone(member with { Owner = owner with { Catalog = DomainName.Parse("next.example."), NextOwner = null } }));
        Assert.Empty(_journal.Owned("cat.example."));
        Assert.Single(_journal.Owned("next.example."));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(300_000)]
    public void Content_that_a_guard_stopped_lives_as_long_as_its_zone_refers_to_it(int octets)
    {
        MemoryZoneContent served = Small("held.example.", 1);
        MemoryZoneContent stopped = Large("held.example.", 2, octets);
        var candidate = new ZoneCandidate(
            2, stopped, new Reason(ReasonCode.GuardShrink, "too small"), Noon.AddSeconds(3), IsRejected: false);
        ZoneRow row = Row("held.example.", 4, served) with { Candidate = candidate };
        _journal.Commit(new PutZone(row));
        _journal.Reopen();
        ZoneRow loaded = _journal.LoadOne("held.example.");
        Assert.Equal(candidate with { Content = null }, loaded.Candidate! with { Content = null });
        Assert.Equal(ReadAll(stopped), ReadAll(loaded.Candidate.Content!));

        // Approved: the same octets, now as what is served.
        _journal.Commit(new PutZone(row with { Generation = 5, Content = loaded.Candidate.Content, Candidate = null }));
        _journal.Reopen();
        loaded = _journal.LoadOne("held.example.");
        Assert.Null(loaded.Candidate);
        Assert.Equal(ReadAll(stopped), ReadAll(loaded.Content!));

        // Rejected: only the serial is left.
        ZoneCandidate rejected = candidate with { Serial = uint.MaxValue, Content = null, IsRejected = true };
        _journal.Commit(new PutZone(row with { Generation = 6, Candidate = rejected }));
        _journal.Reopen();
        Assert.Equal(rejected, _journal.LoadOne("held.example.").Candidate);
        Assert.Empty(_journal.ContentFiles);
        _journal.Commit(new ForgetZone(row.Name, null));
        _journal.Commit(new PutZone(Row("held.example.", 6, served)));
        _journal.Reopen();
        Assert.Null(_journal.LoadOne("held.example.").Candidate);
    }

    [Fact]
    public async Task Wanted_names_are_those_with_content_that_are_not_to_go()
    {
        _journal.Commit(new PutZone(Row("Here.example.", 1, Small("Here.example.", 1))));
        _journal.Commit(new PutZone(Row("empty.example.", 1)));
        _journal.Commit(new PutZone(Row("going.example.", 1, Small("going.example.", 1)) with { Wish = ZoneWish.Absent }));
        Assert.Equal(DomainName.Parse("here.example."), Assert.Single(await _journal.Journal.ReadWantedNamesAsync()));
    }

    [Theory]
    [InlineData("a\\.b.example.")]
    [InlineData("\\000\\010\\255'\\;--.example.")]
    [InlineData("\\.\\./\\.\\./etc/passwd.example.")]
    [InlineData(".")]
    public void Any_name_is_a_name(string name)
    {
        _journal.Commit(new PutZone(Row(name, 1, Small(name, 1, hosts: 0))));
        _journal.Reopen();
        Assert.Equal(name, _journal.LoadOne(name).Name.ToString());
    }

    [Fact]
    public void A_large_content_is_a_file_that_lives_as_long_as_its_zone_refers_to_it()
    {
        MemoryZoneContent first = Large("big.example.", 1, 300_000);
        MemoryZoneContent second = Large("big.example.", 2, 300_000);
        _journal.Commit(new PutZone(Row("big.example.", 1, first)));
        Assert.Equal([first.Hash.ToString()], _journal.ContentFiles);
        ZoneContent old = _journal.LoadOne("big.example.").Content!;
        Assert.Equal(ReadAll(first), ReadAll(old));

        using RecordStream reading = old.Open();
        Assert.True(reading.TryRead(out _));
        _journal.Commit(new PutZone(Row("big.example.", 2, second)));
        Assert.Equal([second.Hash.ToString()], _journal.ContentFiles);
        int rest = 0;
        while (reading.TryRead(out _))
            rest++;
        Assert.Equal(first.RecordCount - 1, rest);
        Assert.Contains("no longer held", Assert.Throws<IOException>(() => old.Open()).Message, StringComparison.Ordinal);

        _journal.Reopen();
        Assert.Equal(ReadAll(second), ReadAll(_journal.LoadOne("big.example.").Content!));
    }

    [Fact]
    public void A_small_content_that_was_replaced_says_so()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1, Small("a.example.", 1))));
        ZoneContent old = _journal.LoadOne("a.example.").Content!;
        _journal.Commit(new PutZone(Row("a.example.", 2, Small("a.example.", 2))));
        Assert.Contains("no longer held", Assert.Throws<IOException>(() => old.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loaded_handle_can_be_written_again()
    {
        _journal.Commit(
            new PutZone(Row("a.example.", 1, Small("a.example.", 1))),
            new PutZone(Row("big.example.", 1, Large("big.example.", 1, 200_000))));
        foreach (string name in (string[])["a.example.", "big.example."])
        {
            ZoneRow row = _journal.LoadOne(name);
            _journal.Commit(new PutZone(row with { Generation = 2, RefreshedAt = Noon.AddHours(1) }));
            ZoneRow again = _journal.LoadOne(name);
            Assert.Equal(2, again.Generation);
            Assert.Equal(row.Content!.Hash, ContentHash.Of(ReadAll(again.Content!)));
        }
    }

    [Fact]
    public void A_spooled_file_becomes_the_content_without_a_copy_and_its_handle_goes_on()
    {
        MemoryZoneContent content = Large("big.example.", 1, 300_000);
        string spooled = Path.Combine(_journal.Directory.SpoolPath, "1");
        File.WriteAllBytes(spooled, content.Bytes.ToArray());
        FileZoneContent handle = FileZoneContent.Spooled(content.Facts, spooled);

        _journal.Commit(new PutZone(Row("big.example.", 1, handle)));
        Assert.False(File.Exists(spooled));
        Assert.Equal([content.Hash.ToString()], _journal.ContentFiles);
        Assert.Equal(content.Bytes.ToArray(), ReadAll(handle));
    }

    [Fact]
    public void A_spooled_file_that_nobody_kept_goes_with_its_last_reference()
    {
        MemoryZoneContent content = Small("a.example.", 1);
        string spooled = Path.Combine(_journal.Directory.SpoolPath, "1.xfr");
        ReadAndForget(content, spooled);
        for (int i = 0; i < 10 && File.Exists(spooled); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.False(File.Exists(spooled));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void ReadAndForget(MemoryZoneContent content, string path)
        {
            File.WriteAllBytes(path, content.Bytes.ToArray());
            Assert.Equal(content.Bytes.ToArray(), ReadAll(FileZoneContent.Spooled(content.Facts, path)));
        }
    }

    [Fact]
    public void A_lost_content_file_is_never_served()
    {
        MemoryZoneContent content = Large("big.example.", 1, 300_000);
        _journal.Commit(new PutZone(Row("big.example.", 1, content)));
        _journal.Close();
        File.WriteAllText(Path.Combine(_journal.ContentsPath, content.Hash.ToString()), "short");
        if (HasOnlyTheFile) Assert.Null(_journal.LoadOne("big.example.").Content);
        else Assert.Equal(content.Bytes.ToArray(), ReadAll(_journal.LoadOne("big.example.").Content!));

        _journal.Commit(new PutZone(Row("big.example.", 2, content)));
        Assert.Equal(content.Bytes.ToArray(), ReadAll(_journal.LoadOne("big.example.").Content!));
    }

    [Fact]
    public void The_entries_of_a_batch_count_in_their_order()
    {
        DomainName zone = DomainName.Parse("a.example.");
        var progress = new TargetProgress("ns1", TargetZoneState.Verified, 1, Noon, null);
        MemoryZoneContent one = Large("a.example.", 1, 200_000);
        MemoryZoneContent two = Large("a.example.", 2, 200_000);
        _journal.Commit(new PutZone(Row("a.example.", 1, one)), new PutProgress(zone, progress));
        _journal.Commit(new ForgetZone(zone, Noon), new PutProgress(zone, progress), new PutZone(Row("a.example.", 2, two)));
        ZoneRow row = _journal.LoadOne("a.example.");
        Assert.Equal((2, two.Hash, 0), (row.Generation, row.Content!.Hash, row.Targets.Length));
        Assert.Equal(((string[])[one.Hash.ToString(), two.Hash.ToString()]).Order(), _journal.ContentFiles);

        _journal.Commit(new PutZone(Row("a.example.", 3, one)), new ForgetZone(zone, Noon), new PutProgress(zone, progress));
        Assert.Empty(_journal.Load());
        _journal.Commit(new PutZone(Row("a.example.", 4, one)), new ForgetZone(zone, Noon.AddDays(1)), new PutZone(Row("a.example.", 5)));
        Assert.Null(_journal.LoadOne("a.example.").Content);
        Assert.Equal([one.Hash.ToString()], _journal.ContentFiles);
        _journal.Journal.PurgeExpired(Noon.AddDays(1));
        Assert.Empty(_journal.History(null));
        Assert.Empty(_journal.ContentFiles);
    }

    [Fact]
    public void Text_that_no_database_likes_is_written_all_the_same()
    {
        var line = new ZoneEvent(DomainName.Parse("a.example."), Noon, "changed", "nul \0, half a pair \ud800, quote ' and \u20ac");
        _journal.Commit(new PutZone(Row("a.example.", 1)), line);
        Assert.Contains("quote ' and \u20ac", Assert.Single(_journal.History("a.example.")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_content_that_cannot_be_kept_names_its_zone_and_writes_nothing()
    {
        JournalFailed failed = _journal.CommitFails(
            new PutZone(Row("good.example.", 1, Small("good.example.", 1))),
            new PutZone(Row("bad.example.", 1, LostFile("bad.example."))));
        Assert.Equal(DomainName.Parse("bad.example."), failed.Culprit);
        Assert.Empty(_journal.Load());
        _journal.Commit(new PutZone(Row("good.example.", 1, Small("good.example.", 1))));
        Assert.Single(_journal.Load());
    }

    [Fact]
    public void A_zone_whose_content_is_lost_can_still_be_deleted()
    {
        _journal.Commit(new PutZone(Row("bad.example.", 2, LostFile("bad.example.")) with { Wish = ZoneWish.Absent }));
        ZoneRow row = Assert.Single(_journal.Load());
        Assert.Equal((ZoneWish.Absent, null), (row.Wish, row.Content));
    }

    [Fact]
    public void Contents_that_cannot_be_stored_fail_the_batch_and_are_stored_once_they_can()
    {
        _ = _journal.Journal;
        Directory.Delete(_journal.ContentsPath);
        File.WriteAllText(_journal.ContentsPath, "in the way");
        var put = new PutZone(Row("big.example.", 1, Large("big.example.", 1, 200_000)));
        JournalFailed failed = _journal.CommitFails(new PutZone(Row("a.example.", 1)), put);
        Assert.Equal(ReasonCode.JournalAway, failed.Reason.Code);
        Assert.Empty(_journal.Load());

        File.Delete(_journal.ContentsPath);
        Directory.CreateDirectory(_journal.ContentsPath);
        _journal.Commit(new PutZone(Row("a.example.", 1)), put);
        Assert.Equal(2, _journal.Load().Length);
    }

    [Fact]
    public void Files_that_a_crash_left_are_removed_at_the_start_and_foreign_ones_are_not()
    {
        MemoryZoneContent kept = Large("big.example.", 1, 200_000);
        string orphan = Large("big.example.", 2, 1000).Hash.ToString();
        _journal.Commit(new PutZone(Row("big.example.", 1, kept)));
        _journal.Close();
        foreach (string left in (string[])[orphan, orphan + ".part", "README"])
            File.WriteAllText(Path.Combine(_journal.ContentsPath, left), "x");
        _journal.Reopen();
        Assert.Equal(((string[])[kept.Hash.ToString(), "README"]).Order(), _journal.ContentFiles.Order());
    }

    private FileZoneContent LostFile(string apex) =>
        FileZoneContent.Kept(Large(apex, 1, 700_000).Facts, Path.Combine(_journal.FolderPath, "gone"));

    [Fact]
    public void Progress_is_written_alone_and_never_for_a_zone_that_is_gone()
    {
        DomainName zone = DomainName.Parse("a.example.");
        var away = new TargetProgress("ns1", TargetZoneState.Away, 3, Noon, new Reason("target-away", "x"));
        _journal.Commit(new PutProgress(zone, away));
        Assert.Empty(_journal.Load());
        _journal.Commit(new PutZone(Row("a.example.", 1)), new PutProgress(zone, away), new PutProgress(zone, away with { Serial = 4 }));
        Assert.Equal(away with { Serial = 4 }, Assert.Single(_journal.LoadOne("a.example.").Targets));
        _journal.Commit(new ForgetZone(zone, Noon));
        _journal.Commit(new PutZone(Row("a.example.", 2)));
        Assert.Empty(_journal.LoadOne("a.example.").Targets);
    }

    [Fact]
    public void A_forgotten_zone_keeps_its_content_for_its_time()
    {
        MemoryZoneContent content = Large("big.example.", 1, 200_000);
        _journal.Commit(new PutZone(Row("big.example.", 1, content)));
        _journal.Commit(new ForgetZone(DomainName.Parse("BIG.example."), Noon.AddDays(7)));
        Assert.Empty(_journal.Load());
        _journal.Journal.PurgeExpired(Noon.AddDays(7).AddMilliseconds(-1));
        Assert.Empty(_journal.History(null));
        Assert.Equal([content.Hash.ToString()], _journal.ContentFiles);
        _journal.Reopen();
        Assert.Equal([content.Hash.ToString()], _journal.ContentFiles);
        _journal.Journal.PurgeExpired(Noon.AddDays(7));
        Assert.Empty(_journal.History(null));
        Assert.Empty(_journal.ContentFiles);
    }

    [Fact]
    public void A_content_that_is_replaced_and_comes_back_in_one_batch_stays()
    {
        MemoryZoneContent one = Large("big.example.", 1, 200_000);
        _journal.Commit(new PutZone(Row("big.example.", 1, one)));
        _journal.Commit(
            new PutZone(Row("big.example.", 2, Small("big.example.", 2))), new PutZone(Row("big.example.", 3, one)));
        Assert.Equal(ReadAll(one), ReadAll(_journal.LoadOne("big.example.").Content!));
    }

    [Fact]
    public void History_is_bounded_for_each_zone_and_over_all()
    {
        _journal.Options = new JournalOptions { HistoryPerZone = 5, HistoryTotal = 8 };
        for (int i = 0; i < 20; i++)
            _journal.Commit(Line("a.example.", i), Line("b.example.", i));
        Assert.Equal(["19", "18", "17", "16"], _journal.History("a.example.").Select(line => line.Text));
        Assert.Equal(8, _journal.History(null).Length);
        _journal.Reopen();
        for (int i = 20; i < 40; i++)
            _journal.Commit(Line("A.example.", i));
        Assert.Equal(["39", "38", "37", "36", "35"], _journal.History("a.example.").Select(line => line.Text));
        Assert.Equal(["39", "38"], _journal.History(null, 2).Select(line => line.Text));
    }

    [Fact]
    public void A_history_line_comes_back_whole()
    {
        var line = new ZoneEvent(DomainName.Parse("a.example."), Noon, "transferred", "It's here: \"x\"", 4_000_000_000, "ns1", "00-1-2");
        _journal.Commit(line);
        Assert.Equal(line, Assert.Single(_journal.History("a.example.")));
        Assert.Equal(line, Assert.Single(_journal.History(null)));
    }

    [Fact]
    public void Shards_follow_another_count()
    {
        _journal.Commit([.. Enumerable.Range(0, 200).Select(i => new PutZone(Row($"z{i}.example.", 1)))]);
        Assert.Equal(200, _journal.Load(64).Length);
        Assert.Equal(200, _journal.Load(7).Length);
        _journal.Commit(new PutZone(Row("more.example.", 1)));
        _journal.Reopen();
        Assert.Equal(201, _journal.Load(7).Length);
    }

    [Fact]
    public void The_row_of_one_zone_is_what_the_rows_of_its_shard_say()
    {
        foreach (string name in new[] { "a.example.", "B.example." })
        {
            var progress = new TargetProgress("ns1", TargetZoneState.Verified, 7, Noon, null);
            _journal.Commit(new PutZone(Row(name, 3, Small(name, 7))), new PutProgress(DomainName.Parse(name), progress));
        }

        ZoneRow inShard = _journal.LoadOne("b.example.");
        _journal.Journal.ReadZone(DomainName.Parse("b.EXAMPLE."), _journal.Probe.ReplyTo);
        ZoneRow alone = _journal.Probe.Expect<ZoneRead>().Row!;
        Assert.Equal(inShard with { Targets = [], Content = null }, alone with { Targets = [], Content = null });
        Assert.Equal(inShard.Targets.AsEnumerable(), alone.Targets.AsEnumerable());
        Assert.Equal(inShard.Content!.Hash, alone.Content!.Hash);
        _journal.Journal.ReadZone(DomainName.Parse("c.example."), _journal.Probe.ReplyTo);
        Assert.Null(_journal.Probe.Expect<ZoneRead>().Row);
        INodeJournal journal = _journal.Journal;
        _journal.Close();
        journal.ReadZone(DomainName.Parse("b.example."), _journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, _journal.Probe.Expect<ZoneReadFailed>().Reason.Code);
    }

    [Fact]
    public void How_a_zone_stands_is_written_without_its_content()
    {
        _journal.Commit(new PutZone(Row("a.example.", 3, Small("a.example.", 7))));
        PutStanding standing = new(DomainName.Parse("A.example."), Noon, new("no-master", "nobody"), Noon, null, Noon.AddHours(2));
        _journal.Commit(standing, standing with { Zone = DomainName.Parse("unknown.example.") });
        _journal.Reopen();
        ZoneRow row = Assert.Single(_journal.Load());
        Assert.Equal(standing with { Zone = row.Name }, PutStanding.Of(row));
        Assert.Equal((3, 7u), (row.Generation, row.Content!.Serial));
        _journal.Commit(new PutZone(Row("b.example.", 1)), standing with { Zone = DomainName.Parse("b.example.") });
        Assert.Equal("no-master", _journal.LoadOne("b.example.").Reason?.Code);
    }

    [Fact]
    public void Each_opening_has_a_larger_epoch()
    {
        long first = _journal.Journal.Epoch;
        _journal.Reopen();
        Assert.Equal(first + 1, _journal.Journal.Epoch);
    }

    [Fact]
    public void What_comes_under_another_epoch_fails_alone()
    {
        JournalEntry[] entries = [new PutZone(Row("a.example.", 1)), Line("a.example.", 1)];
        JournalBatch late = _journal.Batch(8, [.. entries], _journal.Journal.Epoch - 1);
        _journal.Journal.Commit(late, _journal.Probe.ReplyTo);
        JournalFailed failed = _journal.Probe.Expect<JournalFailed>();
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.Equal(late.Claims.AsEnumerable(), failed.Fenced);
        Assert.False(_journal.Journal.Fenced.IsCompleted);
        Assert.Empty(_journal.Load());
        _journal.Commit([.. entries]);
        Assert.Single(_journal.Load());

        _journal.Journal.TakeShard(3, 64, _journal.Journal.Epoch - 1, _journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalFenced, _journal.Probe.Expect<ShardLoadFailed>().Reason.Code);
    }

    [Fact]
    public void Whether_a_shard_is_held_can_be_asked_at_any_time()
    {
        long epoch = _journal.Journal.Epoch;
        for (int i = 0; i < 100; i++) _journal.Journal.CheckFence(i, i % 64, i % 2 == 0 ? epoch : epoch - 1, _journal.Probe.ReplyTo);
        foreach (FenceChecked answer in Enumerable.Range(0, 100).Select(_ => _journal.Probe.Expect<FenceChecked>()).OrderBy(a => a.Request))
        {
            bool isHeld = answer.Request % 2 == 0;
            Assert.Equal((isHeld, isHeld ? null : ReasonCode.JournalFenced), (answer.Held, answer.Reason?.Code));
        }
    }

    [Fact]
    public void After_closing_every_request_is_still_answered()
    {
        INodeJournal journal = _journal.Journal;
        JournalBatch batch = _journal.Batch(9, [Line("a.example.", 1)]);
        _journal.Close();
        journal.Commit(batch, _journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, _journal.Probe.Expect<JournalFailed>().Reason.Code);
        journal.TakeShard(1, 64, journal.Epoch, _journal.Probe.ReplyTo);
        Assert.Equal(1, _journal.Probe.Expect<ShardLoadFailed>().Shard);
        journal.CheckFence(7, 1, journal.Epoch, _journal.Probe.ReplyTo);
        Assert.Equal((7L, false, ReasonCode.JournalAway), Of(_journal.Probe.Expect<FenceChecked>()));
        journal.ReadHistory(null, 1, _journal.Probe.ReplyTo);
        Assert.NotNull(_journal.Probe.Expect<HistoryRead>().Failure);
        Assert.Equal(0, _journal.Probe.Waiting);
    }

    [Fact]
    public void A_loaded_zone_holds_no_content_until_it_is_read()
    {
        const int Zones = 400;
        IEnumerable<string> names = Enumerable.Range(0, Zones).Select(i => $"z{i}.example.");
        _journal.Commit([.. names.Select(name => new PutZone(Row(name, 1, Small(name, 1, 500))))]);
        var rows = _journal.Load();
        Assert.Equal(Zones, rows.Length);
        Assert.All(rows, row => Assert.Same(LazyContent, row.Content!.GetType()));
        Assert.True(rows[0].Content!.ByteCount > 4 * 4096);
    }

    private static (long, bool, string?) Of(FenceChecked answer) => (answer.Request, answer.Held, answer.Reason?.Code);

    private static ZoneEvent Line(string zone, int number) => new(DomainName.Parse(zone), Noon, "changed", number.ToString());
}
