using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What led from content to content, in every journal.</summary>
public abstract class DifferenceHistoryTests(JournalFixture fixture) : IDisposable
{
    private const string Name = "History.example.";

    private static readonly DomainName Apex = DomainName.Parse(Name);

    private readonly JournalFixture _journal = fixture;

    public void Dispose()
    {
        _journal.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_chain_leads_from_any_serial_that_is_kept_to_the_content_and_outlives_a_restart()
    {
        ZoneContent last = Put(from: 1, to: 6);
        _journal.Reopen();

        for (uint serial = 1; serial < 6; serial++)
        {
            DifferenceChain chain = Assert.IsType<DifferenceChain>(DifferenceChain.Find(_journal.Journal.Differences, last, serial));
            byte[] octets = [.. chain.Read().SelectMany(piece => piece.ToArray())];
            Assert.True(DifferenceSequence.TryLoad(last.Apex, octets, out DifferenceSequence? sequence));
            Assert.Equal((serial, 6u, 6 - (int)serial), (sequence.FromSerial, sequence.ToSerial, sequence.StepCount));
        }

        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, last, 0));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, last, 6));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, last, 7));
    }

    [Fact]
    public void What_leads_from_a_content_that_is_named_by_its_hash_is_joined_to_one()
    {
        ZoneContent last = Put(from: 1, to: 6);
        for (uint serial = 1; serial < 6; serial++)
        {
            ContentHash from = Small(Name, serial, 50 + (int)serial).Hash;
            DifferenceSequence? sequence = DifferenceChain.Between(_journal.Journal.Differences, last, from);
            Assert.Equal((serial, 6u, 6 - (int)serial), (sequence!.FromSerial, sequence.ToSerial, sequence.StepCount));
        }

        // Of the same serial, yet another content; and nothing leads from a content to itself.
        Assert.Null(DifferenceChain.Between(_journal.Journal.Differences, last, Small(Name, 3, 9).Hash));
        Assert.Null(DifferenceChain.Between(_journal.Journal.Differences, last, last.Hash));
    }

    [Fact]
    public void Steps_that_came_in_one_transfer_can_be_joined_in_the_middle()
    {
        MemoryZoneContent first = Small(Name, 1, 50);
        MemoryZoneContent third = Small(Name, 3, 52);
        byte[] steps = [.. Between(first, Small(Name, 2, 51)).Octets.Span, .. Between(Small(Name, 2, 51), third).Octets.Span];
        Assert.True(DifferenceSequence.TryLoad(Apex, steps, out DifferenceSequence? both));
        third.Origin = new ContentOrigin(first.Hash, both);
        _journal.Commit(new PutZone(Row(Name, 1, third)));

        DifferenceChain? chain = DifferenceChain.Find(_journal.Journal.Differences, third, 2);

        Assert.Equal(Between(Small(Name, 2, 51), third).Octets.ToArray(), Assert.Single(chain!.Read()).ToArray());
    }

    [Fact]
    public void What_the_content_came_from_is_let_go_of_when_it_is_kept()
    {
        ZoneContent last = Put(from: 1, to: 2);
        Assert.Null(last.Origin);
    }

    [Fact]
    public void A_content_that_came_otherwise_breaks_the_chain()
    {
        Put(from: 1, to: 3);
        MemoryZoneContent forced = Small(Name, 9, 70);
        _journal.Commit(new PutZone(Row(Name, 9, forced)));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, forced, 2));
        MemoryZoneContent after = Small(Name, 10, 71);
        after.Origin = new ContentOrigin(forced.Hash, Between(forced, after));
        _journal.Commit(new PutZone(Row(Name, 10, after)));

        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, after, 2));
        Assert.NotNull(DifferenceChain.Find(_journal.Journal.Differences, after, 9));
    }

    [Fact]
    public void From_a_serial_that_two_contents_had_nothing_leads_on()
    {
        ZoneContent third = Put(from: 1, to: 3);
        MemoryZoneContent other = Small(Name, 3, 70);
        other.Origin = new ContentOrigin(third.Hash, null);
        _journal.Commit(new PutZone(Row(Name, 3, other)));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, other, 2));
        Assert.Null(DifferenceChain.Between(_journal.Journal.Differences, other, third.Hash));
        ZoneContent last = other;
        for (uint serial = 4; serial <= 5; serial++)
        {
            ZoneContent next = Small(Name, serial, 70 + (int)serial);
            next.Origin = new ContentOrigin(last.Hash, Between(last, next));
            _journal.Commit(new PutZone(Row(Name, serial, next)));
            last = next;
        }

        _journal.Reopen();
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, last, 3));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, last, 2));
        Assert.NotNull(DifferenceChain.Find(_journal.Journal.Differences, last, 4));
    }

    [Fact]
    public void A_serial_that_came_back_with_another_content_starts_no_differences()
    {
        Put(from: 1, to: 5);
        MemoryZoneContent back = Small(Name, 3, 70), after = Small(Name, 4, 71);
        _journal.Commit(new PutZone(Row(Name, 3, back)));
        after.Origin = new ContentOrigin(back.Hash, Between(back, after));
        _journal.Commit(new PutZone(Row(Name, 4, after)));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, after, 3));
        Assert.NotNull(DifferenceChain.Between(_journal.Journal.Differences, after, back.Hash));
    }

    [Fact]
    public void Count_octets_and_age_are_bounded()
    {
        _journal.Options = new JournalOptions { DifferencesPerZone = 3 };
        Put(from: 1, to: 6);
        Assert.Equal([6u, 5u, 4u], _journal.Journal.Differences.Find(Apex).Select(row => row.ToSerial));
        int one = _journal.Journal.Differences.Find(Apex)[0].Bytes;

        _journal.Close();
        _journal.Options = new JournalOptions { DifferenceBytesPerZone = (2 * one) + 1 };
        Put(from: 6, to: 7);
        Assert.Equal([7u, 6u], _journal.Journal.Differences.Find(Apex).Select(row => row.ToSerial));

        _journal.Journal.PurgeExpired(Noon.AddDays(29));
        Assert.Equal(2, Settled().Count);
        _journal.Journal.PurgeExpired(Noon.AddDays(31));
        Assert.Empty(Settled());
    }

    [Fact]
    public void A_zone_that_is_forgotten_leaves_none()
    {
        Put(from: 1, to: 3);
        _journal.Commit(new ForgetZone(Apex, null));
        Assert.Empty(_journal.Journal.Differences.Find(Apex));
    }

    [Fact]
    public void Differences_larger_than_the_zone_are_not_used()
    {
        ZoneContent content = Small(Name, 1, 50);
        for (uint serial = 2; serial < 12; serial++)
        {
            ZoneContent next = Small(Name, serial, 40 + ((int)(serial % 2) * 10));
            next.Origin = new ContentOrigin(content.Hash, Between(content, next));
            _journal.Commit(new PutZone(Row(Name, serial, next)));
            content = next;
        }

        Assert.NotNull(DifferenceChain.Find(_journal.Journal.Differences, content, 10));
        Assert.Null(DifferenceChain.Find(_journal.Journal.Differences, content, 2));
    }

    private static DifferenceSequence Between(ZoneContent from, ZoneContent to)
    {
        Assert.True(ContentComparison.TryCompare(from, to, long.MaxValue, out DifferenceSequence? difference));
        return difference;
    }

    /// <summary>Versions with one host more each; only the first is there without what led to it.</summary>
    private ZoneContent Put(uint from, uint to)
    {
        ZoneContent content = Small(Name, from, 50 + (int)from);
        _journal.Commit(new PutZone(Row(Name, from, content)));
        for (uint serial = from + 1; serial <= to; serial++)
        {
            ZoneContent next = Small(Name, serial, 50 + (int)serial);
            next.Origin = new ContentOrigin(content.Hash, Between(content, next));
            _journal.Commit(new PutZone(Row(Name, serial, next)));
            content = next;
        }

        return content;
    }

    /// <summary>What is kept once all that was asked before is done.</summary>
    private IReadOnlyList<DifferenceRow> Settled()
    {
        _journal.Read(Name);
        return _journal.Journal.Differences.Find(Apex);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteDifferenceHistoryTests() : DifferenceHistoryTests(new SqliteJournalFixture());

/// <summary>On PostgreSQL.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresDifferenceHistoryTests(PostgresServerFixture postgres)
    : DifferenceHistoryTests(PostgresJournalFixture.Create(postgres.Server)), IClassFixture<PostgresServerFixture>;
