using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;

namespace Agent.Actors.Zones;

/// <summary>
/// One zone of a shard: a row, and an actor while it is in motion. There is one for each zone that the agent knows, so what only zones in
/// motion need lies apart.
/// </summary>
internal sealed class ZoneSlot(object? kept)
{
    // What is kept of the row itself, or a ZoneInMotion that holds it: a zone at rest pays for one reference.
    private object? _keptOrMotion = kept;

    // Of a zone at rest: its state in the lower half, from 1; in the upper half the set of targets that are behind. 0: look it up.
    private byte _resting;
    private byte _phase;

    /// <summary>The row, or what <see cref="RestingRows"/> made of it; null for none.</summary>
    public object? Kept
    {
        get => Motion is { } motion ? motion.Kept : _keptOrMotion;
        set
        {
            if (Motion is { } motion) motion.Kept = value;
            else _keptOrMotion = value;
            _resting = 0;
        }
    }

    /// <summary>The state of a zone at rest as its row says; null when it has to be looked up.</summary>
    public string? RestingState => _resting == 0 ? null : ZoneStatusView.States[(_resting & 0xF) - 1];

    /// <summary>The number of its set among <see cref="BehindSets"/>; that of no set when its row has to be looked at.</summary>
    public int RestingBehind => _resting == 0 ? BehindSets.Unnumbered : _resting >> 4;

    public IActorRef? Actor
    {
        get => Motion?.Actor;
        set => InMotion.Actor = value;
    }

    /// <summary>Messages sent to the present actor.</summary>
    public long Sent
    {
        get => Motion?.Sent ?? 0;
        set => InMotion.Sent = value;
    }

    /// <summary>Messages that wait until a row is read back.</summary>
    public Queue<(ZoneMessage Message, IActorRef Sender)> Held => InMotion.Held ??= new();

    /// <summary>A catalog of the configuration: no target hears of it.</summary>
    public bool IsCatalog { get; init; }

    /// <summary>The actor broke, and what is durable has not been read back yet: messages wait.</summary>
    public bool IsUnread { get; set; }

    /// <summary>Loaded without content, or its actor broke: the next one begins with a look at everything.</summary>
    public bool NeedsLook { get; set; }

    /// <summary>Its masters are asked when its turn comes.</summary>
    public bool IsToCheck { get; set; }

    /// <summary>No target has been told of it since its row was loaded.</summary>
    public bool IsPutOff { get; set; }

    public bool Transferring { get; set; }

    public ZonePhase Phase
    {
        get => (ZonePhase)_phase;
        set => _phase = (byte)value;
    }

    public TimeSpan RefreshAt { get; set; }

    private ZoneInMotion? Motion => _keptOrMotion as ZoneInMotion;

    private ZoneInMotion InMotion
    {
        get
        {
            if (Motion is { } motion) return motion;
            motion = new ZoneInMotion { Kept = _keptOrMotion };
            _keptOrMotion = motion;
            return motion;
        }
    }

    /// <summary>Holds the row of a zone without an actor.</summary>
    public void Rest(object kept, string state, int behind)
    {
        Kept = kept;
        _resting = (byte)((behind << 4) | (ZoneStatusView.States.IndexOf(state) + 1));
        DropMotion();
    }

    /// <summary>What the journal says of a target that has not been heard of since the start.</summary>
    public TargetProgress? TakeWritten(string target)
    {
        if (Motion is not { } motion || motion.Written.FirstOrDefault(t => t.Target == target) is not { } written) return null;
        motion.Written = motion.Written.Remove(written);
        DropMotion();
        return written;
    }

    /// <summary>From here on the zone's actor writes.</summary>
    public void ForgetWritten()
    {
        if (Motion is { } motion) motion.Written = [];
    }

    /// <summary>What was proven before a start is not proven any more: a server may have lost it meanwhile.</summary>
    /// <returns>The row as it stands now.</returns>
    public ZoneRow Unproven(ZoneRow row, ZoneTargets targets)
    {
        InMotion.Written = row.Targets;
        row = row with { Targets = [.. ZoneWishes.Fit(row.Targets, targets.Set.Names, targets.Others).Select(Pending)] };
        Kept = row;
        return row;

        static TargetProgress Pending(TargetProgress t) =>
            t is { State: TargetZoneState.Pending, Reason: null } ? t : t with { State = TargetZoneState.Pending, Reason = null };
    }

    /// <summary>
    /// The zone belongs to a target that the row does not know to have it: the row has to be written before that target is told. One
    /// that was seen without it stays marked as one to be left until then.
    /// </summary>
    public bool Comes(ZoneRow row, ZoneTargets targets)
    {
        if (targets.Set.Names.All(name => row.Targets.Any(t => t.Target == name && !ZoneWishes.IsGone(t)))) return false;
        ImmutableArray<TargetProgress> pending =
        [
            .. row.Targets.Select(static t =>
                t with { State = TargetZoneState.Pending, Reason = null, IsLeaving = ZoneWishes.IsGone(t) }),
        ];
        Kept = row with { Targets = pending };
        return true;
    }

    public Queue<(ZoneMessage Message, IActorRef Sender)> TakeHeld()
    {
        if (Motion is not { Held: { } held } motion) return new();
        motion.Held = null;
        return held;
    }

    private void DropMotion()
    {
        if (Motion is { Actor: null, Held: null or { Count: 0 }, Written.IsEmpty: true } still) _keptOrMotion = still.Kept;
    }

    private sealed class ZoneInMotion
    {
        public object? Kept;
        public IActorRef? Actor;
        public long Sent;
        public Queue<(ZoneMessage Message, IActorRef Sender)>? Held;
        public ImmutableArray<TargetProgress> Written = [];
    }
}
