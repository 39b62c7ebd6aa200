using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Tests.Targets;

/// <summary>Tells the targets what a shard wants, as its host and its zones do: everything at the start, to a new target, and to one that
/// returns; a zone when it changes.</summary>
internal sealed class SimTargetOwner(SimTargetCluster.Owner owner) : UntypedActor
{
    /// <summary>Tell everything once more.</summary>
    public static readonly object Again = new();

    private static readonly TimeSpan QuietPeriod = TimeSpan.FromSeconds(6);

    private TargetSet? _set;

    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(TargetSetChanged));
        Context.System.EventStream.Subscribe(Self, typeof(TargetHealthChanged));
        owner.Node.Directory.Tell(new GetTargetSet(), Self);
        if (owner.AfterCrash) Timers.StartSingleTimer(Again, Again, QuietPeriod);
    }

    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case TargetSetChanged change when change.Targets.Version > (_set?.Version ?? 0):
                TargetSet? before = _set;
                _set = change.Targets;
                foreach ((string name, IActorRef target) in _set.Targets)
                {
                    if (before?.Targets.GetValueOrDefault(name) != target) TellAll(target);
                }

                break;
            case TargetHealthChanged { Returned: true } change
                when change.Source is { } target && _set?.Targets.GetValueOrDefault(change.Target) == target:
                TellAll(target);
                break;
            case Learned learned:
                foreach (IActorRef target in _set?.Targets.Values ?? []) Tell(target, learned.Zone, observeFirst: false);
                break;
            case TargetReport { Progress.State: TargetZoneState.Verified } report:
                owner.Proven[(report.Progress.Target, report.Zone)] = report.Generation;
                break;
            case object again when again == Again:
                foreach (IActorRef target in _set?.Targets.Values ?? []) TellAll(target);
                break;
        }
    }

    private void TellAll(IActorRef target)
    {
        foreach (DomainName zone in owner.Known.Keys) Tell(target, zone, observeFirst: true);
    }

    private void Tell(IActorRef target, DomainName zone, bool observeFirst)
    {
        (long generation, uint? serial) = owner.Known[zone];
        target.Tell(
            new WantZone(zone, generation, serial is { } s ? owner.Cluster.Content(zone, s) : null, observeFirst)
            {
                Shard = owner.Shard,
                Epoch = owner.Epoch,
            },
            Self);
    }

    public sealed record Learned(DomainName Zone);
}
