using Agent.Actors.Backends;
using Agent.Backends.Gdnsd;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.Contents;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>A driver for a real gdnsd, and a look at every record that it serves.</summary>
internal sealed class GdnsdTarget : IAsyncDisposable
{
    private readonly GdnsdBackend _backend;

    public GdnsdTarget(GdnsdServer server, TimeSpan? reloadPatience = null)
    {
        Server = server;
        _backend = new GdnsdBackend(
            new GdnsdOptions(server.ControlPath, server.ZoneFolder, server.EndPoint)
            {
                ReloadPatience = reloadPatience ?? TimeSpan.FromSeconds(30),
            },
            TimeProvider.System);
        Caller = new BackendCaller(_backend);
    }

    public GdnsdServer Server { get; }

    public BackendCaller Caller { get; }

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Log}");
    }

    /// <summary>Done, and served at once, because gdnsd answers when it serves.</summary>
    public async Task AppliedAsync(ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(content.Apex, content));
        await SeesAsync(content.Apex, Observation.Present, content.Serial);
    }

    public async Task AppliedEquallyAsync(ZoneContent content)
    {
        await AppliedAsync(content);
        await ServedRrsets.EqualAsync(Server.EndPoint, content);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeesAsync(zone, Observation.Absent, 0);
    }

    public async Task<string> RefusedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Refused, $"{answer.Outcome} {answer.Reason}\n{Log}");
        return answer.Reason!.Text;
    }

    public async Task SeesAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved seen = await Caller.ObserveAsync(zone);
        Assert.True(seen.Observation == observation && seen.Serial == serial, $"{zone} {observation} {serial}, seen {seen}\n{Log}");
    }

    /// <summary>Nothing is left beside the zones' files.</summary>
    public void IsTidy(params IEnumerable<string> files)
    {
        Assert.Equal(files.Order(StringComparer.Ordinal), FilesIn("").Order(StringComparer.Ordinal));
        Assert.Empty(FilesIn(".agent-before"));
        Assert.Empty(FilesIn(".agent-absent"));
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    private IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(Path.Combine(Server.ZoneFolder, folder)).Select(path => Path.GetFileName(path));

    private string Log => Server.Output[^Math.Min(Server.Output.Length, 3000)..];
}
