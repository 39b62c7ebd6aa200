using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Transfers;
using Agent.Bench.Peers;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

/// <summary>What we write is what real servers read.</summary>
[Trait("Category", "Peer")]
public sealed class ZoneFilePeerTests
{
    [Fact]
    public async Task BIND_reads_every_type_and_prints_the_same_data()
    {
        using var folder = new TemporaryFolder("zonefile");
        MemoryZoneContent content = Sample();
        string file = Save(folder, content, RdataTextStyle.Bind918);
        string text = folder.Combine("text");
        await RunAsync("named-compilezone", "-i", "none", "-k", "ignore", "-s", "full", "-o", text, "example.org", file);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(ZoneFileReader.TryRead(File.OpenRead(text), null, builder, out ZoneFileError? error), error?.ToString());
        Assert.True(builder.TryBuild(out MemoryZoneContent? again));
        Assert.Equal(Lines(content), Lines(again));
    }

    [Fact]
    public async Task NSD_reads_every_type()
    {
        using var folder = new TemporaryFolder("zonefile");
        await RunAsync("nsd-checkzone", "example.org", Save(folder, Sample(), RdataTextStyle.Nsd46));
    }

    [Fact]
    public async Task Knot_reads_every_type_and_transfers_the_same_data()
    {
        await using var knot = new KnotServer();
        string[] lines = Encoding.ASCII.GetString(ZoneFileTests.Write(Sample(), RdataTextStyle.Knot32)).TrimEnd('\n').Split('\n');
        await knot.SetZoneAsync(MasterZone.Create("example.org", 7, lines[1..]));
        await knot.StartAsync();
        MemoryZoneContent served = await PeerTransfer.AxfrAsync(knot.EndPoint, Apex);
        Assert.Equal(7u, served.Serial);
        var got = Lines(served).ToHashSet(StringComparer.Ordinal);
        Assert.All(Lines(Sample()).Where(line => !line.Contains(" SOA ", StringComparison.Ordinal)), line => Assert.Contains(line, got));
    }

    [Fact]
    public async Task BIND_reads_random_zones()
    {
        using var folder = new TemporaryFolder("zonefile");
        for (int seed = 0; seed < 10; seed++)
        {
            string file = Save(folder, RandomSample(seed), RdataTextStyle.Bind918);
            await RunAsync("named-compilezone", "-i", "none", "-k", "ignore", "-o", "/dev/null", "example.org", file);
        }
    }

    /// <summary>A zone with a record of every type, hard names and a wildcard.</summary>
    internal static MemoryZoneContent Sample() => Content(
    [
        SoaRecord(7),
        Record("Example.org.", RecordType.NS, Name("ns.example.org.")),
        Record("ns.example.org.", RecordType.A, 192, 0, 2, 53),
        Record("\\000\\;\\@\\\"\\\\\\(.example.org.", RecordType.A, 192, 0, 2, 54),
        Record("*.wild.example.org.", RecordType.A, 192, 0, 2, 55),
        .. RecordSamples.All().Select(sample => sample.Record),
    ]);

    private static MemoryZoneContent RandomSample(int seed) => Content(
    [
        // A name server at a wildcard is the one thing among these that BIND takes for an error.
        .. Zone(new Random(seed), 400, 5).Where(record => record.Type != RecordType.NS),
        Record("Example.org.", RecordType.NS, Name("ns.example.org.")),
    ]);

    private static string Save(TemporaryFolder folder, ZoneContent content, RdataTextStyle style)
    {
        string file = folder.Combine("zone");
        File.WriteAllBytes(file, ZoneFileTests.Write(content, style));
        return file;
    }

    // Case is not compared: servers compress names against others that differ in it.
    internal static IEnumerable<string> Lines(ZoneContent content) => ReadRecords(content)
        .Select(record =>
        {
            RdataCanonical.Fold(record.Type, record.Rdata);
            return (record with { Owner = record.Owner.Fold() }).ToString();
        })
        .Order(StringComparer.Ordinal);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(program, arguments);
        Assert.True(result.ExitCode == 0, $"{result.Command}: {result.Output} {result.Error}");
    }
}
