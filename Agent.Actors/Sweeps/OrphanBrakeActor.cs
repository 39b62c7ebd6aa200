using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Sweeps;

/// <summary>
/// Holds the removal of orphans while too many zones are given up at once. A master that lost its database, or its access list, refuses
/// every zone for as long as nobody looks, which looks the same as if each had been deleted there.
/// </summary>
/// <remarks>
/// It counts zones that every master refuses from the first refusal on, over the whole journal, and not only those whose time is over: the
/// time is long, so the count is up before the first of them is removed. Until it has counted for the first time, and while the journal
/// cannot be read, nothing is removed. Each node counts for itself; they read the same journal.
/// </remarks>
public sealed partial class OrphanBrakeActor : UntypedActor
{
    private static readonly object CountTimer = new();
    private static readonly Reason NotCounted = new(
        ReasonCode.Orphan, "every master refuses the zone; it is not removed before all such zones have been counted");

    private readonly OrphanBrakeSettings _settings;
    private readonly ILogger _logger;

    private OrphanBrakeActor(OrphanBrakeSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<OrphanBrakeActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(OrphanBrakeSettings settings) => Kernel.Props.Create(static s => new OrphanBrakeActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        _settings.Policy.OrphanHold = NotCounted;
        Timers.StartPeriodicTimer(CountTimer, CountTimer, TimeSpan.Zero, _settings.Interval);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case object timer when timer == CountTimer: Count(); break;
            case GivenUpRead x: Judge(x); break;
            case WantedReadFailed x: Hold(x.Reason); break;
            default: Unhandled(message); break;
        }
    }

    /// <summary>A count reads a row of every zone, so it is spared where nothing is removed in any case.</summary>
    private void Count()
    {
        if (_settings.Policy.Current is { OrphanAction: OrphanAction.Remove }) _settings.Journal.Tell(new CountGivenUp(), Self);
        else _settings.Policy.OrphanHold = NotCounted;
    }

    private void Judge(GivenUpRead count)
    {
        bool isTooMany = count.GivenUp >= _settings.Minimum && count.GivenUp * 100 > count.Wanted * _settings.Percent;
        if (!isTooMany)
        {
            _settings.Policy.OrphanHold = null;
        }
        else if (_settings.Policy.OrphanHold?.Code != ReasonCode.OrphansHeld)
        {
            LogHeld(_logger, count.GivenUp, count.Wanted);
            // Without numbers: it stands at every zone, and would be written anew with each of them.
            _settings.Policy.OrphanHold = new Reason(
                ReasonCode.OrphansHeld, "every master refuses too many zones at once; their removal waits for an operator");
        }
    }

    /// <summary>What was held stays so, in its own words.</summary>
    private void Hold(Reason reason) => _settings.Policy.OrphanHold ??= reason;

    [LoggerMessage(EventId = 243, EventName = "orphans-held", Level = LogLevel.Warning,
        Message = "every master refuses {GivenUp} of {Wanted} zones; none is removed until they are fewer, or an operator approves it")]
    private static partial void LogHeld(ILogger logger, long givenUp, long wanted);
}

/// <summary>Settings of the brake.</summary>
/// <param name="Journal">Counts.</param>
/// <param name="Policy">Where the hold is put.</param>
/// <param name="Percent">Up to this share of the wanted zones may be given up at once.</param>
/// <param name="Minimum">Fewer zones than this are never too many.</param>
public sealed record OrphanBrakeSettings(IActorRef Journal, ZonePolicyHolder Policy, int Percent, int Minimum)
{
    /// <summary>How often is counted. Much shorter than the time that makes an orphan.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
}
