using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <content>What is kept of deleted zones, and how it comes back.</content>
public abstract partial class JournalContractTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    public void The_content_of_a_forgotten_zone_is_read_and_written_once_more(int bytes)
    {
        MemoryZoneContent content = Large("dear.example.", 3, bytes);
        DomainName zone = DomainName.Parse("dear.example.");
        _journal.Commit(new PutZone(Row("Dear.example.", 1, content)));
        Assert.Null(Kept("dear.example."));
        _journal.Commit(new ForgetZone(zone, Noon.AddDays(7)));
        Assert.Null(Kept("other.example."));
        _journal.Reopen();
        ZoneContent kept = Kept("DEAR.example.")!;
        Assert.Equal((content.Hash, 3u), (kept.Hash, kept.Serial));
        Assert.Equal(ReadAll(content), ReadAll(kept));

        _journal.Commit(new PutZone(Row("dear.example.", 1, kept)));
        _journal.Journal.PurgeExpired(Noon.AddDays(7));
        Assert.Null(Kept("dear.example."));
        Assert.Equal(ReadAll(content), ReadAll(_journal.LoadOne("dear.example.").Content!));
    }

    [Fact]
    public void Deleted_zones_are_named_page_by_page_without_those_that_are_there_again()
    {
        ImmutableArray<string> names = [.. Enumerable.Range(0, 5).Select(i => $"Z{i}.example.")];
        _journal.Commit([.. names.Select(name => new PutZone(Row(name, 1, Small(name, 9))))]);
        _journal.Commit([.. names.Select(name => new ForgetZone(DomainName.Parse(name), Noon.AddDays(1)))]);
        _journal.Commit(new PutZone(Row("z1.example.", 1)), new PutZone(Row("never-deleted.example.", 1)));
        _journal.Journal.ListKept(null, 3, _journal.Probe.ReplyTo);
        ImmutableArray<KeptZone> first = _journal.Probe.Expect<KeptListed>().Zones;
        _journal.Journal.ListKept(first[^1].Name, 3, _journal.Probe.ReplyTo);
        ImmutableArray<KeptZone> all = first.AddRange(_journal.Probe.Expect<KeptListed>().Zones);
        Assert.Equal(["Z0.example.", "Z2.example.", "Z3.example.", "Z4.example."], all.Select(z => z.Name.ToString()));
        long records = Small("z0.example.", 9).RecordCount;
        Assert.All(all, z => Assert.Equal((9u, records, Noon.AddDays(1)), (z.Serial, z.Records, z.KeptUntil)));
    }

    [Fact]
    public void A_closed_journal_says_so_to_who_asks_for_what_is_kept()
    {
        INodeJournal journal = _journal.Journal;
        _journal.Close();
        journal.ReadKept(DomainName.Parse("dear.example."), _journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, _journal.Probe.Expect<KeptReadFailed>().Reason.Code);
        journal.ListKept(null, 1, _journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, _journal.Probe.Expect<KeptReadFailed>().Reason.Code);
    }

    private ZoneContent? Kept(string zone)
    {
        _journal.Journal.ReadKept(DomainName.Parse(zone), _journal.Probe.ReplyTo);
        return _journal.Probe.Expect<KeptRead>().Content;
    }
}
