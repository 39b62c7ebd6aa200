using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Conformance;
using Agent.Backends.DynamicUpdate;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>A driver for a server, and an independent look at what that serves.</summary>
internal sealed class UpdateTarget : IAsyncDisposable
{
    private readonly DynamicUpdateBackend _backend;
    private readonly ServedZoneReader _reader;
    private readonly DnsServer _server;
    private readonly TsigKey _key;
    private readonly TemporaryFolder _folder = new("update");

    public UpdateTarget(
        DnsServer server, IContentHistory? history = null, string secret = UpdatedServers.Secret, EndPoint? through = null)
    {
        Assert.True(TsigKey.TryCreate(UpdatedServers.KeyName, TsigAlgorithm.HmacSha256, secret, out TsigKey? key));
        _server = server;
        _key = key;
        DynamicUpdateOptions options = new(through ?? server.EndPoint, () => key, _folder.FullPath);
        _backend = new DynamicUpdateBackend(options, TimeProvider.System);
        _reader = new ServedZoneReader(server.EndPoint, _folder.FullPath, TimeProvider.System);
        Caller = new BackendCaller(_backend) { History = history };
    }

    public BackendCaller Caller { get; }

    /// <summary>A zone from lines of a master file, relative to the zone, behind a SOA of this serial.</summary>
    public static ZoneContent Zone(string name, uint serial, params IEnumerable<string> lines)
    {
        string text = $"$ORIGIN {name}\n$TTL 300\n@ IN SOA ns1 hostmaster {serial} 3600 600 86400 300\n"
            + string.Concat(lines.Select(line => line + "\n"));
        Assert.True(
            ZoneFileReader.TryParse(text, DomainName.Parse(name), out MemoryZoneContent? content, out ZoneFileError? error),
            error?.ToString());
        return content!;
    }

    /// <summary>The content is taken, and what is served afterwards is the same record by record.</summary>
    public async Task AppliedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{_server.Output[^Math.Min(_server.Output.Length, 2000)..]}");
        await ServesAsync(content);
    }

    public async Task ServesAsync(ZoneContent content)
    {
        ZoneObserved seen = await Caller.ObserveAsync(content.Apex);
        Assert.Equal(Lines(content), await ServedAsync(content.Apex));
        Assert.Equal((Observation.Present, content.Serial), (seen.Observation, seen.Serial));
    }

    public async Task<OrderFinished> RefusedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        return answer;
    }

    /// <summary>Every record is brought level, but the serial cannot be.</summary>
    public async Task LevelButAheadAsync(ZoneContent content)
    {
        OrderFinished refused = await RefusedAsync(content);
        Assert.Contains($"is ahead of {content.Serial}", refused.Reason!.Text, StringComparison.Ordinal);
        List<string> served = await ServedAsync(content.Apex);
        Assert.Equal(Lines(content).Where(IsNoSoa), served.Where(IsNoSoa));
        Assert.True(SerialNumber.IsNewer((await Caller.ObserveAsync(content.Apex)).Serial, content.Serial));
    }

    public async Task<List<string>> ServedAsync(DomainName zone)
    {
        ServedZone served = await _reader.ReadAsync(zone, _key, long.MaxValue, CancellationToken.None);
        Assert.True(served.Outcome == ServedZoneOutcome.Read, served.Text);
        using SpooledZone content = served.Zone!;
        return Lines(content);
    }

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        _folder.Dispose();
    }

    private static bool IsNoSoa(string line) => !line.Contains(" SOA ", StringComparison.Ordinal);

    /// <summary>Each record as text with names in lower case, sorted.</summary>
    public static List<string> Lines(ZoneContent content) => ConformanceRecords.Lines(content);
}
