using Agent.Actors.Backends;
using Agent.Backends.PowerDnsApi;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>A driver for a real pdns_server by its API.</summary>
internal sealed class ApiTarget(PowerDnsTarget server, PowerDnsApiOptions options, IContentHistory? history = null)
    : ServerTarget(new PowerDnsApiBackend(options, TimeProvider.System), server, history)
{
    private readonly PowerDnsTarget _server = server;

    public ApiTarget(PowerDnsTarget server, IContentHistory? history = null)
        : this(server, OptionsOf(server), history)
    {
    }

    public PowerDnsApiOptions Options => options;

    /// <summary>What was cached before must not be seen.</summary>
    protected override bool ServesAtOnce => true;

    public static PowerDnsApiOptions OptionsOf(PowerDnsTarget server) => new(server.Api, server.ApiKey, server.EndPoint);

    public override ApiTarget Again() => new(_server, Options);
}
