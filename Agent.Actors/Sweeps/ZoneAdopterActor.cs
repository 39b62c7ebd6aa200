using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Sweeps;

/// <summary>
/// Makes zones ours that a server has and nobody created, where the server's rule for drift is to adopt them: as by a CREATE, with the
/// content of the masters, or not at all. One zone at a time; each sweep of a server brings what is left once more.
/// </summary>
public sealed partial class ZoneAdopterActor : UntypedActor
{
    private static readonly object LateTimer = new();

    private readonly ZoneAdopterSettings _settings;
    private readonly ILogger _logger;
    private readonly Queue<(DomainName Zone, string Target)> _waiting = new();
    private (DomainName Zone, string Target)? _current;

    private ZoneAdopterActor(ZoneAdopterSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<ZoneAdopterActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(ZoneAdopterSettings settings) => Kernel.Props.Create(static s => new ZoneAdopterActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ServerFindings));

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ServerFindings { Adopts: true, State: "swept" } x: Take(x); break;
            case ServerFindings: break;
            case ZoneReply x when x.Zone == _current?.Zone: Answered(x); break;
            case ZoneReply: break;
            case object timer when timer == LateTimer: Next(); break;
            default: Unhandled(message); break;
        }
    }

    private void Take(ServerFindings findings)
    {
        HashSet<DomainName> known = [.. _waiting.Select(w => w.Zone)];
        if (_current is { } current) known.Add(current.Zone);
        foreach (ForeignZone foreign in findings.Foreign.Where(f => known.Add(f.Zone)).Take(_settings.WaitingMaximum - _waiting.Count))
            _waiting.Enqueue((foreign.Zone, findings.Target));
        if (_current is null) Next();
    }

    private void Next()
    {
        Timers.Cancel(LateTimer);
        _current = _waiting.TryDequeue(out (DomainName Zone, string Target) next) ? next : null;
        if (_current is null) return;
        byte[] trace = new byte[16];
        Random.NextBytes(trace);
        Timers.StartSingleTimer(LateTimer, LateTimer, _settings.Patience);
        var origin = new RequestOrigin($"adopted by the sweep of {next.Target}", null, Convert.ToHexStringLower(trace));
        _settings.Region.Tell(new CreateZone(next.Zone, origin), Self);
    }

    private void Answered(ZoneReply reply)
    {
        if (reply.Outcome == ZoneOutcome.Done)
        {
            LogAdopted(_logger, reply.Zone, _current!.Value.Target);
            _settings.Sweep.Tell(new ZoneAdopted(reply.Zone), Self);
        }
        else
        {
            LogNotAdopted(_logger, reply.Zone, _current!.Value.Target, reply.Reason?.ToString() ?? reply.Outcome.ToString());
        }

        Next();
    }

    [LoggerMessage(EventId = 244, EventName = "zone-adopted", Level = LogLevel.Information,
        Message = "{Zone}, which {Target} had and nobody had created, is ours from now on")]
    private static partial void LogAdopted(ILogger logger, DomainName zone, string target);

    [LoggerMessage(EventId = 245, EventName = "zone-not-adopted", Level = LogLevel.Information,
        Message = "{Zone}, which {Target} has and nobody created, could not be adopted: {Reason}")]
    private static partial void LogNotAdopted(ILogger logger, DomainName zone, string target, string reason);
}

/// <summary>Settings of the adopter.</summary>
/// <param name="Region">Door to all zones.</param>
/// <param name="Sweep">Is told of each zone that has become ours.</param>
/// <param name="Patience">After this a zone counts as not adopted; longer than a CREATE may take.</param>
public sealed record ZoneAdopterSettings(IActorRef Region, IActorRef Sweep, TimeSpan Patience)
{
    /// <summary>Zones that may wait; others come with the next sweep.</summary>
    public int WaitingMaximum { get; init; } = 1000;
}
