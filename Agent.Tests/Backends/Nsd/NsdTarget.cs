using Agent.Backends.Nsd;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Nsd;

/// <summary>A driver for a real nsd, and an independent look at what that serves.</summary>
internal sealed class NsdTarget(NsdServer server, NsdOptions options)
    : ServerTarget(new NsdBackend(options, TimeProvider.System), server)
{
    private readonly ServedZoneReader _reader = new(server.EndPoint, server.FolderPath, TimeProvider.System);
    private string _refused = "";

    public NsdTarget(NsdServer server, string pattern = NsdServer.TargetPattern)
        : this(server, OptionsOf(server, pattern))
    {
    }

    public NsdServer Server { get; } = server;

    public override NsdTarget Again() => new(Server, options);

    public static NsdOptions OptionsOf(NsdServer server, string pattern = NsdServer.TargetPattern)
    {
        NsdControlPlace control = server.IsControlledByTls
            ? new NsdControlPlace.Tls(
                "127.0.0.1",
                server.ControlPort,
                server.Certificate("nsd_server.pem"),
                server.Certificate("nsd_control.pem"),
                server.Certificate("nsd_control.key"))
            : new NsdControlPlace.LocalSocket(server.ControlPath);
        return new NsdOptions(control, pattern, server.ZoneFolder) { Server = server.EndPoint };
    }

    public override async Task ServesAsync(ZoneContent content)
    {
        // For a moment the processes of before and after a reload answer side by side, and the former end what they are at.
        List<string> wanted = UpdateTarget.Lines(content);
        string soa = wanted.Single(line => line.Contains(" IN SOA ", StringComparison.Ordinal));
        List<string> served = [];
        await Eventually.HoldsAsync(
            async () => (served = await TransferAsync(content.Apex)).Contains(soa), () => $"{content} by transfer: {_refused}\n{Log}");
        Assert.Equal(wanted, served);
    }

    private async Task<List<string>> TransferAsync(DomainName zone)
    {
        ServedZone served = await _reader.ReadAsync(zone, key: null, long.MaxValue, CancellationToken.None);
        _refused = served.Text;
        using SpooledZone? content = served.Zone;
        return content is null ? [] : UpdateTarget.Lines(content);
    }
}
