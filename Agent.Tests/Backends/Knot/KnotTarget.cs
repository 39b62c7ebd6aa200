using Agent.Backends.Knot;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Knot;

/// <summary>A driver for a real knotd.</summary>
internal sealed class KnotTarget(KnotServer server, KnotOptions options)
    : ServerTarget(new KnotBackend(options, TimeProvider.System), server)
{
    private readonly KnotServer _server = server;

    public KnotTarget(KnotServer server)
        : this(server, OptionsOf(server))
    {
    }

    public KnotOptions Options => options;

    public static KnotOptions OptionsOf(KnotServer server) =>
        new(server.ZoneFolder) { Control = server.Control, Server = server.EndPoint };

    public override KnotTarget Again() => new(_server, Options);

    /// <summary>The file of a zone, whether it is there or not.</summary>
    public string FileOf(DomainName zone)
    {
        Assert.True(ZoneFileName.TryCreate(zone, out string? name));
        return Path.Combine(Options.ZoneDirectory, name);
    }

    /// <summary>One command by Knot's own tool, which must succeed.</summary>
    public async Task<string> KnotcAsync(params string[] command) => (await _server.KnotcAsync(command)).EnsureSuccess().Output;
}
