using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Zones;

namespace Agent.Actors.Sweeps;

/// <summary>
/// Has the owners of zones look at a server of the whole farm that this node held and does not hold any more: at those zones only that its
/// own late orders may have touched. It asks soon, and once more when every order has had its time.
/// </summary>
/// <remarks>The owner compares and puts right, wherever it is; nothing is changed from here. A look too many is a question to the
/// server.</remarks>
public sealed class LookBehindActor : UntypedActor
{
    private readonly LookBehindSettings _settings;

    private LookBehindActor(LookBehindSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(LookBehindSettings settings) => Kernel.Props.Create(static s => new LookBehindActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ChangesLeftBehind));

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ChangesLeftBehind left:
                foreach (TimeSpan delay in _settings.Delays)
                {
                    var look = new Look(left);
                    Timers.StartSingleTimer(look, look, delay);
                }

                break;
            case Look look:
                CodeProbe.Reached("sweep.looked-behind");
                foreach (LeftChange change in look.Left.Changes)
                    _settings.Region.Tell(new LookAtTarget(change.Zone, look.Left.Target) { MayBeLeftover = change.Brings }, Self);
                break;
            case ZoneReply: break;
            default: Unhandled(message); break;
        }
    }

    /// <summary>Not a record: each is a key of its own.</summary>
    private sealed class Look(ChangesLeftBehind left)
    {
        public ChangesLeftBehind Left { get; } = left;
    }
}

/// <summary>Settings of the looks behind.</summary>
/// <param name="Region">The door to the zones.</param>
public sealed record LookBehindSettings(IActorRef Region)
{
    /// <summary>When the owners are asked. The last is behind the deadline of an order.</summary>
    public IReadOnlyList<TimeSpan> Delays { get; init; } = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(70)];
}
