using Agent.Actors.Anycast;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Host.Anycast;
using Agent.Host.Telemetry;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>The part of an agent that attracts traffic: the actor that decides, and what tells routers.</summary>
internal sealed class AnycastService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly AnycastOptions _options;
    private readonly AnycastAnnouncer _announcer;
    private readonly IActorRef _actor;
    private readonly TimeProvider _clock;

    private AnycastService(AnycastOptions options, AnycastAnnouncer announcer, IActorRef actor, AnycastParts parts, TimeProvider clock)
    {
        _options = options;
        _announcer = announcer;
        _actor = actor;
        _clock = clock;
        Parts = parts;
    }

    /// <summary>What the management interface shows.</summary>
    public AnycastParts Parts { get; }

    /// <summary>From here on the node is withdrawn until it has proven itself.</summary>
    /// <param name="options">As configured.</param>
    /// <param name="system">The agent's actors.</param>
    /// <param name="settings">What the actor needs beside the announcer, the board and the policy.</param>
    /// <param name="clock">For deadlines.</param>
    public static AnycastService Start(
        AnycastOptions options,
        ActorSystem system,
        Func<AnycastPolicy, AnycastBoard, IAnnouncer, AnycastSettings> settings,
        TimeProvider clock)
    {
        var board = new AnycastBoard();
        var announcer = new AnycastAnnouncer(options, clock);
        IActorRef actor = system.ActorOf(AnycastActor.Props(settings(options.Policy, board, announcer)), "anycast");
        AnycastMetrics.Begin();
        string[] prefixes = [.. options.Prefixes.Select(prefix => prefix.ToString())];
        var parts = new AnycastParts(board, () => system.Clock.Monotonic, options.Policy.Interval, prefixes);
        AnycastGauges.Show(board);
        return new AnycastService(options, announcer, actor, parts, clock);
    }

    /// <summary>Withdraws, and goes on answering until the routers have heard of it. Everything else still works meanwhile.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            AnycastLeft left = await _actor.Ask<AnycastLeft>(new LeaveAnycast(), _options.Policy.StopWait + Patience);
            if (left.WasAnnounced) await Task.Delay(_options.WithdrawDelay, _clock);
        }
        catch (Exception silence) when (silence is AskTimeoutException or AskFailedException)
        {
            // Actors that get no turn must not hold up the end; the announcer withdraws by itself when it is disposed.
        }
    }

    public ValueTask DisposeAsync() => _announcer.DisposeAsync();
}
