using Agent.Actors.Backends;
using Agent.Backends.PowerDnsApi;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Transfers;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>A driver for a real pdns_server by its API.</summary>
internal sealed class ApiTarget : IAsyncDisposable
{
    private readonly PowerDnsApiBackend _backend;

    public ApiTarget(PowerDnsTarget server, PowerDnsApiOptions? options = null, IContentHistory? history = null)
    {
        Server = server;
        Options = options ?? OptionsOf(server);
        _backend = new PowerDnsApiBackend(Options, TimeProvider.System);
        Caller = new BackendCaller(_backend) { History = history };
    }

    public PowerDnsTarget Server { get; }

    public PowerDnsApiOptions Options { get; }

    public BackendCaller Caller { get; }

    public static PowerDnsApiOptions OptionsOf(PowerDnsTarget server) => new(server.Api, server.ApiKey, server.EndPoint);

    /// <summary>A driver that knows nothing of what this one did.</summary>
    public ApiTarget Again() => new(Server, Options);

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
        Assert.Equal(ZoneFilePeerTests.Lines(content), ZoneFilePeerTests.Lines(served));
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    /// <summary>At the first look: what was cached before must not be seen.</summary>
    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved seen = await Caller.ObserveAsync(zone);
        Assert.True(
            seen.Observation == observation && seen.Serial == serial, $"{zone} {observation} {serial}, seen {seen}\n{Server.Output}");
    }
}
