using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <content>What a sweep asks: which zones servers should have, and how many every master refuses.</content>
public abstract partial class JournalContractTests
{
    [Fact]
    public void Wanted_zones_are_named_page_by_page_and_each_once()
    {
        var catalog = new ZoneOwner(DomainName.Parse("cat.example."));
        _journal.Commit(
            [.. Enumerable.Range(0, 7).Select(i => new PutZone(Row($"Z{i}.example.", 1, Small($"z{i}.example.", 1)))),
                new PutZone(Row("cat.example.", 1, Small("cat.example.", 1)) with { Owner = catalog }),
                new PutZone(Row("empty.example.", 1)),
                new PutZone(Row("gone.example.", 1, Small("gone.example.", 1)) with { Wish = ZoneWish.Absent })]);
        var named = new List<DomainName>();
        WantedRead page;
        do
        {
            _journal.Journal.ReadWanted(named.LastOrDefault(), 3, _journal.Probe.ReplyTo);
            page = _journal.Probe.Expect<WantedRead>();
            Assert.Equal(named.LastOrDefault(), page.After);
            named.AddRange(page.Zones);
        }
        while (page.Zones.Length == 3);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => DomainName.Parse($"z{i}.example.")), named.Order());
    }

    [Fact]
    public void Zones_that_every_master_refuses_are_counted()
    {
        ZoneRow refused = Row("a.example.", 1) with { RefreshedAt = Noon, RefusedSince = Noon.AddHours(1) };
        _journal.Commit(
            new PutZone(refused),
            new PutZone(refused with { Name = DomainName.Parse("never-confirmed.example."), RefreshedAt = null }),
            new PutZone(refused with { Name = DomainName.Parse("confirmed-since.example."), RefreshedAt = Noon.AddHours(2) }),
            new PutZone(refused with { Name = DomainName.Parse("going.example."), Wish = ZoneWish.Absent }),
            new PutZone(Row("fine.example.", 1)));
        _journal.Journal.CountGivenUp(_journal.Probe.ReplyTo);
        Assert.Equal(new GivenUpRead(4, 2), _journal.Probe.Expect<GivenUpRead>());
        INodeJournal journal = _journal.Journal;
        _journal.Close();
        journal.CountGivenUp(_journal.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, _journal.Probe.Expect<WantedReadFailed>().Reason.Code);
    }
}
