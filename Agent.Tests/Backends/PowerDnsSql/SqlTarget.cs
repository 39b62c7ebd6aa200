using Agent.Actors.Backends;
using Agent.Backends.Contents;
using Agent.Backends.PowerDnsSql;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Configuration;
using Agent.Tests.Configuration;
using Agent.Tests.Dns.Transfers;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>A driver for a real pdns_server by its database, made from the settings as an agent makes it.</summary>
internal sealed class SqlTarget : IAsyncDisposable
{
    private readonly PowerDnsSqlBackend _backend;

    public SqlTarget(PowerDnsTarget server, PowerDnsSqlOptions? options = null, IContentHistory? history = null)
    {
        Server = server;
        Options = options ?? OptionsOf(server);
        _backend = new PowerDnsSqlBackend(Options, TimeProvider.System);
        Caller = new BackendCaller(_backend) { History = history };
    }

    public PowerDnsTarget Server { get; }

    public PowerDnsSqlOptions Options { get; }

    public BackendCaller Caller { get; }

    public static PowerDnsSqlOptions OptionsOf(PowerDnsTarget server)
    {
        TargetOptions target = Assert.Single(
            ConfigurationText.Load($$"""agent.targets { ns1 { {{server.SqlTargetSettings}} } }""").Options.Targets);
        return ((PowerDnsSqlSettings)target.Settings).ToOptions(target.Server!);
    }

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Server.Output}");
    }

    public async Task AppliedAsync(DomainName zone, ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(zone, content));
        await SeenAsync(zone, Observation.Present, content.Serial);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeenAsync(zone, Observation.Absent, 0);
    }

    /// <summary>What is served is the content, record by record.</summary>
    public async Task ServesAsync(ZoneContent content)
    {
        MemoryZoneContent served = await PeerTransfer.AxfrAsync(Server.EndPoint, content.Apex);
        Assert.Equal(Lines(content), Lines(served));
        // As an agent that proves it by a transfer sees it.
        Assert.True(ContentDifferences.TryFind(served, content, 20, sparesServers: true, out ContentDifference? difference));
        Assert.True(difference is { ForeignCount: 0, MissingCount: 0 }, $"{difference}");
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    /// <summary>PowerDNS makes denials itself, with a TTL of its own.</summary>
    private static IEnumerable<string> Lines(ZoneContent content) => ZoneFilePeerTests.Lines(RandomZones.Content(
        RandomZones.ReadRecords(content).Select(record =>
            record.Type is RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM ? record with { Ttl = 0 } : record)));

    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        // It reads its list of zones in the background when it is asked to.
        ZoneObserved? seen = null;
        await Eventually.HoldsAsync(
            async () => (seen = await Caller.ObserveAsync(zone)).Observation == observation && seen.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {seen}\n{Server.Output}");
    }
}
