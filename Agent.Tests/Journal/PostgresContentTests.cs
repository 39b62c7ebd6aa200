using System.Buffers.Binary;
using System.Globalization;
using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Xunit.Abstractions;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Large contents in the database: every node can go on with a zone, whoever fetched it from a master.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresContentTests(PostgresServerFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresServerFixture>
{
    private const string Zone = "big.example.";

    private readonly PostgresServer _server = postgres.Server;

    [Fact]
    public async Task A_node_reads_what_another_wrote_after_the_folder_of_that_one_is_gone()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        MemoryZoneContent content = Large(Zone, 7, 3_500_000);
        using (var first = PostgresJournalFixture.Node(_server.ConnectionString(database)))
        {
            first.Take(1, Zone);
            first.Commit(new PutZone(Row(Zone, 1, content)));
        }

        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        ZoneContent read = Assert.Single(second.Take(2, Zone)).Content!;
        Assert.Empty(second.ContentFiles);
        Assert.Equal(content.Facts, read.Facts);
        Assert.Equal(content.Bytes.ToArray(), ReadAll(read));
        Assert.Equal([content.Hash.ToString()], second.ContentFiles);
        // Fetched once: it can be read while the database has lost it.
        await _server.SqlAsync(database, "DELETE FROM agent.content_parts");
        Assert.Equal(content.Bytes.ToArray(), ReadAll(read));
        Assert.Equal(content.Bytes.ToArray(), ReadAll(Assert.Single(second.Take(2, Zone)).Content!));
    }

    [Fact]
    public async Task A_file_of_this_node_that_is_not_whole_is_put_aside_and_fetched_anew()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        MemoryZoneContent content = Large(Zone, 7, 1_500_000);
        journal.Commit(new PutZone(Row(Zone, 1, content)));
        string path = Path.Combine(journal.ContentsPath, content.Hash.ToString());
        byte[] octets = await File.ReadAllBytesAsync(path);
        octets[^1] ^= 1;
        await File.WriteAllBytesAsync(path, octets);
        Assert.Equal(content.Bytes.ToArray(), ReadAll(journal.LoadOne(Zone).Content!));
        Assert.Equal([content.Hash.ToString(), content.Hash + ".damaged"], journal.ContentFiles);
    }

    [Fact]
    public async Task What_is_damaged_in_the_database_is_never_served()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        MemoryZoneContent content = Large(Zone, 7, 1_500_000);
        journal.Commit(new PutZone(Row(Zone, 1, content)));
        File.Delete(Path.Combine(journal.ContentsPath, content.Hash.ToString()));
        await _server.SqlAsync(
            DatabaseOf(journal), "UPDATE agent.content_parts SET data = set_byte(data, 77, 255 - get_byte(data, 77)) WHERE part = 1");
        ZoneContent read = journal.LoadOne(Zone).Content!;
        Assert.Contains("damaged", Assert.Throws<IOException>(read.Open).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(content.Hash.ToString(), journal.ContentFiles);
        await _server.SqlAsync(DatabaseOf(journal), "DELETE FROM agent.content_parts WHERE part = 1");
        Assert.Contains("no longer held", Assert.Throws<IOException>(read.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replaced_content_goes_from_the_database_and_from_every_node()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        MemoryZoneContent old = Large(Zone, 1, 1_500_000);
        first.Take(1, Zone);
        first.Commit(new PutZone(Row(Zone, 1, old)));
        second.Take(2, Zone);
        second.Commit(new PutZone(Row(Zone, 2, Large(Zone, 2, 2_500_000))));
        Assert.Equal("1|3", await _server.SqlAsync(database, "SELECT count(DISTINCT hash), count(*) FROM agent.content_parts"));
        Assert.Equal([old.Hash.ToString()], first.ContentFiles);
        first.Journal.PurgeExpired(Noon);
        Assert.Empty(first.History(null));
        Assert.Empty(first.ContentFiles);

        // The node that lost the shard believes that the database has the old content, and writes it anew when it must.
        first.Take(3, Zone);
        first.Commit(new PutZone(Row(Zone, 3, old)));
        Assert.Equal(old.Bytes.ToArray(), ReadAll(second.Read(Zone)!.Content!));
        first.Take(3, "small.example.");
        first.Commit(new PutZone(Row("small.example.", 1, Small("small.example.", 1))));
        second.Take(4, "small.example.");
        second.Commit(new PutZone(Row("small.example.", 2, Small("small.example.", 2))));
        first.Take(5, "small.example.");
        first.Commit(new PutZone(Row("small.example.", 3, Small("small.example.", 1))));
        Assert.Equal(1u, first.Read("small.example.")!.Content!.Serial);
    }

    [Fact]
    public async Task Bodies_that_no_batch_came_to_refer_to_go_by_age()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        string database = DatabaseOf(journal);
        journal.Commit(new PutZone(Row(Zone, 1, Large(Zone, 1, 1_500_000))));
        await _server.SqlAsync(database, """
            INSERT INTO agent.content_bodies VALUES ('\x01', 1, now()), ('\x02', 1, now() - interval '2 hours');
            INSERT INTO agent.content_parts VALUES ('\x01', 0, 1, 'x'), ('\x02', 0, 1, 'x');
            UPDATE agent.content_bodies SET touched_at = now() - interval '1 year' WHERE octet_length(hash) = 32
            """);
        journal.Journal.PurgeExpired(Noon);
        Assert.Equal(1u, journal.LoadOne(Zone).Content!.Serial);
        Assert.Equal("2|3", await _server.SqlAsync(database, "SELECT count(DISTINCT hash), count(*) FROM agent.content_parts"));
        Assert.Equal("0", await _server.SqlAsync(database, "SELECT count(*) FROM agent.content_bodies WHERE hash = '\\x02'"));
    }

    [Fact]
    public async Task What_an_older_program_left_in_a_file_is_brought_in_and_older_programs_go_on_beside_this_one()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        MemoryZoneContent content = Large(Zone, 1, 1_500_000);
        MemoryZoneContent lost = Large("lost.example.", 1, 1_500_000);
        journal.Commit(new PutZone(Row(Zone, 1, content)), new PutZone(Row("lost.example.", 1, lost)));
        File.Delete(Path.Combine(journal.ContentsPath, lost.Hash.ToString()));
        journal.Close();
        await _server.SqlAsync(DatabaseOf(journal), "UPDATE agent.contents SET body = NULL; DELETE FROM agent.content_bodies");
        Assert.Equal("1", await _server.SqlAsync(DatabaseOf(journal), "SELECT max(oldest_reader) FROM agent.schema_version"));

        Assert.Null(journal.LoadOne("lost.example.").Content);
        Assert.Equal(content.Bytes.ToArray(), ReadAll(journal.LoadOne(Zone).Content!));
        Assert.Equal("1", await _server.SqlAsync(DatabaseOf(journal), "SELECT count(*) FROM agent.contents WHERE body IS NOT NULL"));
        Assert.Contains(journal.Log.Lines, line => line.Text.Contains("brought 1 large", StringComparison.Ordinal));
        File.Delete(Path.Combine(journal.ContentsPath, content.Hash.ToString()));
        Assert.Equal(content.Bytes.ToArray(), ReadAll(journal.LoadOne(Zone).Content!));
    }

    [Fact]
    public async Task A_content_of_a_million_records_is_written_and_fetched_in_seconds()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        MemoryZoneContent content = Million();
        first.Take(1, Zone);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long started = TimeProvider.System.GetTimestamp();
        first.Commit(new PutZone(Row(Zone, 1, content)));
        TimeSpan written = TimeProvider.System.GetElapsedTime(started);
        TimeSpan cpuWritten = Environment.CpuUsage.TotalTime - cpu;
        ZoneContent read = Assert.Single(second.Take(2, Zone)).Content!;
        cpu = Environment.CpuUsage.TotalTime;
        started = TimeProvider.System.GetTimestamp();
        using (RecordStream records = read.Open()) Assert.True(records.TryRead(out _));
        TimeSpan fetched = TimeProvider.System.GetElapsedTime(started);
        TimeSpan cpuFetched = Environment.CpuUsage.TotalTime - cpu;
        started = TimeProvider.System.GetTimestamp();
        using (RecordStream records = read.Open()) Assert.True(records.TryRead(out _));
        TimeSpan opened = TimeProvider.System.GetElapsedTime(started);
        string stored = await _server.SqlAsync(database, "SELECT sum(octet_length(data)) FROM agent.content_parts");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{content.RecordCount} records, {content.ByteCount} octets, {stored} stored: written in {written.TotalMilliseconds:F0} ms "
            + $"({cpuWritten.TotalMilliseconds:F0} of processor time here), fetched in {fetched.TotalMilliseconds:F0} ms "
            + $"({cpuFetched.TotalMilliseconds:F0}), opened again in {opened.TotalMilliseconds:F2} ms"));
        Assert.InRange(written + fetched, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    private static string DatabaseOf(PostgresJournalFixture journal) => journal.ConnectionString.Split("Database=")[1].Split(';')[0];

    private static MemoryZoneContent Million()
    {
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] apex = DomainName.Parse(Zone).Wire.ToArray();
        byte[] numbers = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, 1);
        Assert.True(builder.TryAppend(apex, RecordType.SOA, RecordClass.IN, 3600, [.. apex, .. apex, .. numbers]));
        var random = new Random(1);
        byte[] owner = [8, .. "h0000000"u8, .. apex];
        Span<byte> address = stackalloc byte[4];
        for (int i = 0; i < 1_000_000; i++)
        {
            i.TryFormat(owner.AsSpan(2, 7), out _, "D7", CultureInfo.InvariantCulture);
            random.NextBytes(address);
            Assert.True(builder.TryAppend(owner, RecordType.A, RecordClass.IN, 300, address));
        }

        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return content;
    }
}
