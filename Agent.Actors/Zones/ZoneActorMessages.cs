using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>A message that the shard hands to a zone; counted on both sides.</summary>
internal sealed class FromShard(object message, IActorRef sender) : IUndeliverable
{
    public object Message { get; } = message;

    public IActorRef Sender { get; } = sender;

    /// <summary>The zone's actor answers from here on, also when it breaks.</summary>
    public bool IsTaken { get; set; }

    public void OnUndelivered(IActorRef? sender)
    {
        if (!IsTaken && Message is ZoneMessage asked) asked.OnUndelivered(Sender);
    }
}

/// <summary>The zone's state changed; the shard keeps it for lists and for bringing the actor back after a failure.</summary>
internal sealed record ZonePicture(DomainName Zone, ZoneRow? Row, ZonePhase Phase, bool Transferring);

/// <summary>The zone has nothing to do and may become a row, or nothing at all when it is gone.</summary>
/// <param name="Received">Messages received from the shard so far.</param>
/// <param name="Gone">Nothing of it is wanted any more.</param>
/// <param name="RefreshIn">When the masters are to be asked again.</param>
internal sealed record RestOffered(DomainName Zone, long Received, bool Gone, TimeSpan RefreshIn);

/// <summary>Targets that can be reached at present; those count for the quorum of new requests.</summary>
internal sealed record HealthyTargets(ImmutableArray<string> Names);

/// <summary>The target has returned: tell it once more what is wanted of the zone.</summary>
internal sealed record TellTargetAgain(string Target, LookDepth Depth = LookDepth.Serial);

/// <summary>
/// Whom the zones of one shard tell what is wanted, and in whose name. Given to a zone when it wakes, and told to it when the targets
/// change; one for all zones of the shard.
/// </summary>
/// <param name="Set">The targets that the zones belong to.</param>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Epoch of its owner.</param>
internal sealed record ZoneTargets(TargetSet Set, int Shard, long Epoch)
{
    /// <summary>All targets that there are.</summary>
    public TargetSet All { get; init; } = Set;

    /// <summary>The targets that the zones do not belong to.</summary>
    public ImmutableArray<string> Others { get; init; } = [];

    /// <summary>The same for zones that belong to some of the targets only.</summary>
    public ZoneTargets Only(TargetSelection selection) => this with
    {
        Set = Set.Only(selection),
        Others = [.. Set.Names.Where(name => !selection.Contains(name))],
    };
}

/// <summary>Published on the event stream when <see cref="ZonePolicyHolder.Current"/> was exchanged: zones may belong to other targets
/// now.</summary>
public sealed record ZonePolicyExchanged;

/// <summary>A zone by its row, or by its name when nothing of it is durable.</summary>
internal sealed record ZoneRowOrName(DomainName Name, ZoneRow? Row);

/// <summary>What all zones of a node share.</summary>
/// <param name="Targets">Who takes the wishes for each target, by its name; empty when there is a directory.</param>
/// <param name="Journal">The node's <see cref="JournalActor"/>.</param>
/// <param name="Transfers">What passes share.</param>
/// <param name="Policy">Settings; may be exchanged while the agent runs.</param>
public sealed record ZoneActorSettings(
    ImmutableSortedDictionary<string, IActorRef> Targets,
    IActorRef Journal,
    TransferSettings Transfers,
    ZonePolicyHolder Policy)
{
    /// <summary>The <see cref="TargetDirectoryActor"/> that says which targets there are, when they come and go; null when they never
    /// do.</summary>
    public IActorRef? TargetDirectory { get; init; }

    /// <summary>The <see cref="NotifyOutActor"/> that tells others of changes; null when nobody is told.</summary>
    public IActorRef? Announcements { get; init; }
}

/// <summary>Holds the zones' settings, so that a reload reaches every zone with its next message.</summary>
/// <param name="policy">The settings to begin with.</param>
public sealed class ZonePolicyHolder(ZonePolicy policy)
{
    private volatile ZonePolicy _current = policy;

    /// <summary>The settings in force.</summary>
    public ZonePolicy Current
    {
        get => _current;
        set => Change(value, static (now, settings) => settings with { OrphanHold = now.OrphanHold });
    }

    /// <summary>Why no orphan is removed at present, whatever the settings say; null: they are, where that is set.</summary>
    public Reason? OrphanHold
    {
        get => _current.OrphanHold;
        set => Change(value, static (now, hold) => now with { OrphanHold = hold });
    }

    /// <summary>A reload and the count of orphans may come at the same time; neither undoes the other.</summary>
    private void Change<T>(T value, Func<ZonePolicy, T, ZonePolicy> change)
    {
        ZonePolicy before;
        do before = _current;
        while (Interlocked.CompareExchange(ref _current, change(before, value), before) != before);
    }
}
