using Agent.Actors.Backends;
using Agent.Backends.Nsd;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Nsd;

/// <summary>A driver for a real nsd, and an independent look at what that serves.</summary>
internal sealed class NsdTarget : IAsyncDisposable
{
    private readonly NsdBackend _backend;
    private readonly ServedZoneReader _reader;

    public NsdTarget(NsdServer server, string pattern = NsdServer.TargetPattern)
        : this(server, OptionsOf(server, pattern))
    {
    }

    public NsdTarget(NsdServer server, NsdOptions options)
    {
        Server = server;
        _backend = new NsdBackend(options, TimeProvider.System);
        _reader = new ServedZoneReader(server.EndPoint, server.FolderPath, TimeProvider.System);
        Caller = new BackendCaller(_backend);
    }

    public NsdServer Server { get; }

    public BackendCaller Caller { get; }

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

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Log}");
    }

    public async Task AppliedAsync(ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(content.Apex, content));
        await ServedAsync(content.Apex, content.Serial);
    }

    /// <summary>Served, and record by record what was given.</summary>
    public async Task AppliedEquallyAsync(ZoneContent content)
    {
        await AppliedAsync(content);
        // For a moment the processes of before and after a reload answer side by side.
        List<string> wanted = UpdateTarget.Lines(content);
        string soa = wanted.Single(line => line.Contains(" IN SOA ", StringComparison.Ordinal));
        List<string> served = [];
        await Eventually.HoldsAsync(
            async () => (served = await TransferAsync(content.Apex)).Contains(soa), () => $"{content} by transfer\n{Log}");
        Assert.Equal(wanted, served);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeenAsync(zone, Observation.Absent, 0);
    }

    public async Task<string> RefusedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Refused, $"{answer.Outcome} {answer.Reason}\n{Log}");
        return answer.Reason!.Text;
    }

    public Task ServedAsync(DomainName zone, uint serial) => SeenAsync(zone, Observation.Present, serial);

    public async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await Eventually.HoldsAsync(
            async () => (last = await Caller.ObserveAsync(zone)).Observation == observation && last.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {last}\n{Log}");
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    private async Task<List<string>> TransferAsync(DomainName zone)
    {
        ServedZone served = await _reader.ReadAsync(zone, key: null, long.MaxValue, CancellationToken.None);
        Assert.True(served.Outcome == ServedZoneOutcome.Read, served.Text);
        using SpooledZone content = served.Zone!;
        return UpdateTarget.Lines(content);
    }

    private string Log => Server.Output[^Math.Min(Server.Output.Length, 3000)..];
}
