using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using Microsoft.Data.Sqlite;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Shards that are asked for together, which are read in passes over the table.</summary>
public sealed class SqlitePassesTests : IDisposable
{
    private const int Zones = 200;
    private const int Shards = 64;

    private readonly SqliteJournalFixture _journal = new()
    {
        Options = new JournalOptions { RowsPerPass = 20, LargestStoredContent = 2000 },
    };

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void Rows_are_the_same_as_those_of_each_shard_by_itself()
    {
        _journal.Commit([.. Enumerable.Range(0, Zones).Select(i => new PutZone(Various(i)))]);
        string[] single = [.. _journal.Load(Shards).Select(Describe).Order(StringComparer.Ordinal)];
        Assert.Equal(Zones, single.Length);

        _journal.Reopen();
        Dictionary<int, ImmutableArray<ZoneRow>> together =
            TakeAll().OfType<ShardLoaded>().ToDictionary(loaded => loaded.Shard, loaded => loaded.Rows);

        Assert.Equal(Shards, together.Count);
        Assert.All(together, shard => Assert.All(shard.Value, row => Assert.Equal(shard.Key, _journal.ShardOf(row.Name))));
        Assert.Equal(single, together.Values.SelectMany(rows => rows.Select(Describe)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_shard_with_a_damaged_row_fails_alone()
    {
        _journal.Commit([.. Enumerable.Range(0, Zones).Select(i => new PutZone(Various(i)))]);
        int damaged = _journal.ShardOf(Various(7).Name);
        _journal.Close();
        Run("UPDATE zones SET name = 'no..name' WHERE name LIKE 'z7.%'");

        object[] answers = TakeAll();

        Assert.Equal(damaged, Assert.Single(answers.OfType<ShardLoadFailed>()).Shard);
        Assert.Equal(Shards - 1, answers.OfType<ShardLoaded>().Select(loaded => loaded.Shard).Distinct().Count());
        // They had been read together: else nothing would have to be read once more.
        Assert.Contains(_journal.Log.Lines, line => line.Text.Contains("cannot be read together", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_of_several_who_ask_for_a_shard_is_answered()
    {
        ZoneRow row = Various(1);
        int shard = _journal.ShardOf(row.Name);
        using (HeldReaders.Of(_journal, Shards))
        {
            Take(shard);
            _journal.Commit(new PutZone(row));
            Take(shard);
            Take(shard);
        }

        // What is written behind the question may be shown as well.
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Equal(row.Name, Assert.Single(_journal.Probe.Expect<ShardLoaded>().Rows).Name));
    }

    /// <summary>Asks for all shards while nobody can read them yet, so that they wait together; the answers as they came.</summary>
    private object[] TakeAll()
    {
        using (HeldReaders.Of(_journal, Shards))
        {
            for (int shard = 0; shard < Shards; shard++) Take(shard);
            // By this answer all of them have been handed on.
            Assert.Null(_journal.Read("nobody.example."));
        }

        return [.. Enumerable.Range(0, Shards).Select(_ => _journal.Probe.ExpectAny())];
    }

    private SqliteConnection Open()
    {
        SqliteConnection connection = new($"Data Source={_journal.DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Run(string change)
    {
        using SqliteConnection connection = Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = change;
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private void Take(int shard) => _journal.Journal.TakeShard(shard, Shards, _journal.Journal.Epoch, _journal.Probe.ReplyTo);

    /// <summary>Rows of all kinds: without content, with a small one, with one that is a file; with no to three targets; with a
    /// candidate.</summary>
    private static ZoneRow Various(int i)
    {
        string name = $"z{i}.example.";
        ZoneRow row = Row(name, i + 1, (i % 3) switch
        {
            0 => null,
            1 => Small(name, (uint)i),
            _ => Large(name, (uint)i, 5000),
        });
        return row with
        {
            Targets =
            [
                .. Enumerable.Range(0, i % 4).Select(t => new TargetProgress(
                    $"ns{t}",
                    t == 0 ? TargetZoneState.Verified : TargetZoneState.Away,
                    t == 2 ? null : (uint)i,
                    t == 0 ? Noon : null,
                    t == 1 ? new Reason(ReasonCode.TargetAway, "away") : null)),
            ],
            Lifetime = i % 5 == 0 ? TimeSpan.FromHours(i) : null,
            RefreshedAt = i % 2 == 0 ? Noon : null,
            Owner = i % 7 == 0 ? new ZoneOwner(DomainName.Parse("catalog.example."), $"label{i}", "", null) : null,
            Candidate = i % 11 == 0
                ? new ZoneCandidate((uint)i, Small(name, (uint)(i + 1000)), new Reason(ReasonCode.GuardShrink, "shrinks"), Noon, false)
                : null,
        };
    }

    private static string Describe(ZoneRow row)
    {
        string content = row.Content is { } kept ? $"{kept.GetType().Name} {Convert.ToHexString(ReadAll(kept))}" : "";
        string candidate = row.Candidate is { Content: { } other } stopped
            ? $"{stopped with { Content = null }} {Convert.ToHexString(ReadAll(other))}"
            : "";
        return $"{row with { Content = null, Candidate = null, Targets = [] }} {string.Join(' ', row.Targets)} {candidate} {content}";
    }
}
