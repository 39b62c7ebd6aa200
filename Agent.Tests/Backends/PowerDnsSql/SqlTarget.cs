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
internal sealed class SqlTarget(PowerDnsTarget server, PowerDnsSqlOptions options, IContentHistory? history = null)
    : ServerTarget(new PowerDnsSqlBackend(options, TimeProvider.System), server, history)
{
    private readonly PowerDnsTarget _server = server;

    public SqlTarget(PowerDnsTarget server, IContentHistory? history = null)
        : this(server, OptionsOf(server), history)
    {
    }

    public PowerDnsSqlOptions Options => options;

    public override SqlTarget Again() => new(_server, Options);

    public static PowerDnsSqlOptions OptionsOf(PowerDnsTarget server)
    {
        TargetOptions target = Assert.Single(
            ConfigurationText.Load($$"""agent.targets { ns1 { {{server.SqlTargetSettings}} } }""").Options.Targets);
        return ((PowerDnsSqlSettings)target.Settings).ToOptions(target.Server!);
    }

    /// <summary>What is served is the content, record by record.</summary>
    public override async Task ServesAsync(ZoneContent content)
    {
        MemoryZoneContent served = await PeerTransfer.AxfrAsync(_server.EndPoint, content.Apex);
        Assert.Equal(Lines(content), Lines(served));
        // As an agent that proves it by a transfer sees it.
        Assert.True(ContentDifferences.TryFind(served, content, 20, sparesServers: true, out ContentDifference? difference));
        Assert.True(difference is { ForeignCount: 0, MissingCount: 0 }, $"{difference}");
    }

    /// <summary>PowerDNS makes denials itself, with a TTL of its own.</summary>
    private static IEnumerable<string> Lines(ZoneContent content) => ZoneFilePeerTests.Lines(RandomZones.Content(
        RandomZones.ReadRecords(content).Select(record =>
            record.Type is RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM ? record with { Ttl = 0 } : record)));
}
