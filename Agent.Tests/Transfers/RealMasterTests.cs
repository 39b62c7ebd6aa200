using System.Globalization;
using System.Net;
using System.Text;
using Agent.Actors.Transfers;
using Agent.Dns.Records;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

/// <summary>Transfers from real masters bring what dig brings.</summary>
[Trait("Category", "Peer")]
public abstract class RealMasterTests<TServer>
    where TServer : MasterServer
{
    private const string Name = "transfer.example.";

    protected abstract TServer Create();

    [Fact]
    public async Task The_content_is_what_dig_sees()
    {
        MasterZone zone = MasterZone.WithHosts(Name, 2_222_222_222, 700).Bump(
            "@ 300 IN MX 10 mail.other.example.",
            "@ 300 IN TXT \"with \\\"quotes\\\"\" \"and a second\"",
            "*.wild 300 IN AAAA 2001:db8::1",
            "alias 300 IN CNAME host1",
            "_sip._tcp 300 IN SRV 1 2 5060 host2",
            "@ 300 IN CAA 0 issue \"ca.example\"",
            "esc\\.aped 300 IN TXT x",
            "unknown 300 IN TYPE65400 \\# 4 01020304",
            "sub 300 IN NS ns1.sub",
            "ns1.sub 300 IN A 192.0.2.10");
        await using TServer server = Create();
        await server.StartAsync();
        await server.SetZoneAsync(zone);
        await using var masters = new MasterClientFixture();

        SoaAnswered soa = masters.Ask(server.EndPoint, Name);
        Assert.Equal((SoaOutcome.Serial, 2_222_222_223u), (soa.Outcome, soa.Serial));
        Assert.Equal(SoaOutcome.Absent, masters.Ask(server.EndPoint, "absent.example.").Outcome);
        Assert.Equal(soa.Serial, masters.Ask(server.EndPointIPv6, Name).Serial);

        TransferCompleted done = masters.Transfer(server.EndPoint, Name);
        IReadOnlyList<string> seen = await DigTool.TransferAsync(server.EndPoint, Name);
        Assert.Equal(seen, Lines(done.Content));
        Assert.Equal(soa.Serial, done.Content.Serial);
        Assert.Equal(TransferFailure.Refused, masters.TransferFails(server.EndPoint, "absent.example.").Failure);
    }

    private static IReadOnlyList<string> Lines(ZoneContent content)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        using var text = new RecordTextBuffer();
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            text.Clear();
            RecordText.WriteLine(record.Owner, record.Ttl, record.Class, record.Type, record.Rdata, text);
            string[] parts = Encoding.ASCII.GetString(text.Written).TrimEnd('\n').Split(' ', 5);
            lines.Add($"{parts[0].ToLowerInvariant()} {parts[1]} {parts[2]} {parts[3]} {parts[4]}");
        }
        Assert.Equal(ZoneContentError.None, records.Error);
        return [.. lines];
    }
}

public sealed class BindMasterTests : RealMasterTests<BindServer>
{
    protected override BindServer Create() => new();
}

public sealed class KnotMasterTests : RealMasterTests<KnotServer>
{
    protected override KnotServer Create() => new();
}

public sealed class NsdMasterTests : RealMasterTests<NsdServer>
{
    protected override NsdServer Create() => new();
}

/// <summary>Memory is measured for a whole process, so a child does nothing but the transfers.</summary>
[Trait("Category", "Peer")]
public sealed class LargeZoneTests
{
    private const string Small = "small.example.";
    private const string Large = "large.example.";

    [Fact]
    public async Task A_zone_of_200000_records_passes_without_memory_for_them()
    {
        await using BindServer server = new();
        await server.StartAsync();
        await server.SetZoneAsync(MasterZone.WithHosts(Small, 1, 20_000));
        await server.SetZoneAsync(MasterZone.WithHosts(Large, 1, 200_000));
        using var folder = new TemporaryFolder("memory");
        string[] arguments = [typeof(LargeZoneTests).Assembly.Location, "transfer-memory", server.EndPoint.ToString()];
        await using ChildProcess child = await ChildProcess.StartAsync("dotnet", arguments, folder.FullPath);
        string line = await child.StandardOutputLineAsync(
            text => text.StartsWith("allocated ", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        Assert.InRange(long.Parse(line["allocated ".Length..], CultureInfo.InvariantCulture), 0, 3_000_000);
    }

    /// <summary>The child: what the transfer of the large zone allocates, after a small one.</summary>
    internal static int Measure(string master)
    {
        IPEndPoint endPoint = IPEndPoint.Parse(master);
        var masters = new MasterClientFixture();
        masters.Transfer(endPoint, Small);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        TransferCompleted done = masters.Transfer(endPoint, Large);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.Equal(200_003, done.Content.RecordCount);
        Assert.IsType<FileZoneContent>(done.Content);
        Assert.True(done.Content.ByteCount > 6_000_000);
        Console.WriteLine($"allocated {allocated.ToString(CultureInfo.InvariantCulture)}");
        return 0;
    }
}
