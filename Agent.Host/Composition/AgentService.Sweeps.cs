using Agent.Actors.Kernel;
using Agent.Actors.Sweeps;
using Agent.Actors.Telemetry;
using Agent.Host.Configuration;
using Agent.Host.Telemetry;

namespace Agent.Host.Composition;

/// <content>What goes through servers and zones of its own accord: the sweep of this node's servers, and the count of orphans.</content>
internal sealed partial class AgentService
{
    private static readonly TimeSpan CountAtLeast = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AdoptionPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CountAtMost = TimeSpan.FromMilliseconds(200);

    /// <summary>It is there also where nothing is swept: for the repairs that operators ask for.</summary>
    private IActorRef StartContentSweep(IActorRef targets, IActorRef journal)
    {
        SweepOptions options = _options.Sweep;
        var sweep = new ContentSweepSettings(targets, _region, journal)
        {
            Interval = options.Contents.Interval,
            AfterStart = options.Contents.AfterStart,
            ChecksPerSecond = options.Contents.ChecksPerSecond,
        };
        return _system.ActorOf(ContentSweepActor.Props(sweep), "content-sweep");
    }

    /// <summary>The sweep; null where it is off.</summary>
    private IActorRef? StartSweeps(IActorRef targets, IActorRef journal)
    {
        SweepOptions options = _options.Sweep;

        // Several counts fall into the time that makes an orphan, so that those who go together are seen together.
        TimeSpan counting = _options.Zones.OrphanAfter / 10;
        var brake = new OrphanBrakeSettings(journal, _policy, options.RemovalPercent, options.RemovalMinimum)
        {
            Interval = counting > CountAtLeast ? CountAtLeast : counting < CountAtMost ? CountAtMost : counting,
        };
        _system.ActorOf(OrphanBrakeActor.Props(brake), "orphan-brake");
        _system.ActorOf(LookBehindActor.Props(new LookBehindSettings(_region)), "look-behind");
        if (options.Interval <= TimeSpan.Zero) return null;
        _system.EventStream.Subscribe(new SweepGauges(AgentMetrics.Meter), typeof(ServerFindings));
        var sweep = new SweepSettings(targets, _region, journal)
        {
            Policy = _policy,
            Interval = options.Interval,
            AfterReturn = options.AfterReturn,
            ChecksPerSecond = options.ChecksPerSecond,
            ZonesMaximum = options.ZonesMaximum,
        };
        IActorRef sweeper = _system.ActorOf(ServerSweepActor.Props(sweep), "sweep");
        var adopter = new ZoneAdopterSettings(_region, sweeper, _policy.Current.AnswerDeadline + AdoptionPatience);
        _system.ActorOf(ZoneAdopterActor.Props(adopter), "zone-adopter");
        return sweeper;
    }
}
