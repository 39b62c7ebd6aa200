using Agent.Actors.Backends;
using Agent.Backends.Knot;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Transfers;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.Knot;

/// <summary>A driver for a real knotd.</summary>
internal sealed class KnotTarget : IAsyncDisposable
{
    private readonly KnotBackend _backend;

    public KnotTarget(KnotServer server, KnotOptions? options = null)
    {
        Server = server;
        Options = options ?? OptionsOf(server);
        _backend = new KnotBackend(Options, TimeProvider.System);
        Caller = new BackendCaller(_backend);
    }

    public KnotServer Server { get; }

    public KnotOptions Options { get; }

    public BackendCaller Caller { get; }

    public static KnotOptions OptionsOf(KnotServer server) =>
        new(server.ZoneFolder) { Control = server.Control, Server = server.EndPoint };

    /// <summary>A driver that knows nothing of what this one did.</summary>
    public KnotTarget Again() => new(Server, Options);

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Server.Output}");
    }

    public async Task AppliedAsync(DomainName zone, ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(zone, content));
        await ServedAsync(zone, content.Serial);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeenAsync(zone, Observation.Absent, 0);
    }

    public Task ServedAsync(DomainName zone, uint serial) => SeenAsync(zone, Observation.Present, serial);

    /// <summary>What is served is the content, record by record.</summary>
    public async Task ServesAsync(ZoneContent content)
    {
        MemoryZoneContent served = await PeerTransfer.AxfrAsync(Server.EndPoint, content.Apex);
        Assert.Equal(ZoneFilePeerTests.Lines(content), ZoneFilePeerTests.Lines(served));
    }

    /// <summary>The file of a zone, whether it is there or not.</summary>
    public string FileOf(DomainName zone)
    {
        Assert.True(ZoneFileName.TryCreate(zone, out string? name));
        return Path.Combine(Options.ZoneDirectory, name);
    }

    /// <summary>One command by Knot's own tool, which must succeed.</summary>
    public async Task<string> KnotcAsync(params string[] command) => (await Server.KnotcAsync(command)).EnsureSuccess().Output;

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await Eventually.HoldsAsync(
            async () => (last = await Caller.ObserveAsync(zone)).Observation == observation && last.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {last}\n{Server.Output}");
    }
}
