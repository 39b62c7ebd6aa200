using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Bind9;

/// <summary>A real named and a driver for it.</summary>
internal sealed class Bind9Target : IAsyncDisposable
{
    private readonly Bind9Backend _backend;
    private readonly bool _ownsServer;

    private Bind9Target(BindServer server, Bind9Options options, bool ownsServer)
    {
        Server = server;
        Options = options;
        _ownsServer = ownsServer;
        _backend = new Bind9Backend(options, TimeProvider.System);
        Caller = new BackendCaller(_backend);
    }

    public BindServer Server { get; }

    public Bind9Options Options { get; }

    public BackendCaller Caller { get; }

    public string ZoneDirectory => Options.ZoneDirectory;

    public static async Task<Bind9Target> StartAsync(
        BindServer? server = null, string? view = null, string zoneOptions = "", long largeZoneBytes = 1 << 20)
    {
        server ??= new BindServer();
        await server.StartAsync();
        string zones = Directory.CreateDirectory(Path.Combine(server.FolderPath, "zones")).FullName;
        Bind9Options options = new(zones)
        {
            Port = server.ControlPort,
            KeyFile = server.ControlKeyFile,
            View = view,
            ZoneOptions = zoneOptions,
            Server = server.EndPoint,
            LargeZoneBytes = largeZoneBytes,
        };
        return new Bind9Target(server, options, ownsServer: true);
    }

    /// <summary>A driver that knows nothing of what this one did.</summary>
    public Bind9Target Again() => Again(Options);

    /// <summary>And has other settings.</summary>
    public Bind9Target Again(Bind9Options options) => new(Server, options, ownsServer: false);

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

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        if (_ownsServer)
            await Server.DisposeAsync();
    }

    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await Eventually.HoldsAsync(
            async () => (last = await Caller.ObserveAsync(zone)).Observation == observation && last.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {last}\n{Server.Output}");
    }
}
