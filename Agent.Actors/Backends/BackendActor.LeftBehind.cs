using System.Collections.Immutable;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <content>What a target of the whole farm leaves to its next holder.</content>
public sealed partial class BackendActor
{
    private const int InDoubtMax = 10_000;

    /// <summary>Their changes ended while the permit was closed: another may have held the target by then.</summary>
    private readonly HashSet<DomainName> _inDoubt = [];

    /// <inheritdoc/>
    protected internal override void PostStop()
    {
        base.PostStop();
        if (_settings.Holder is null) return;
        ImmutableArray<DomainName> zones = [.. _started.Values.Select(s => ZoneOf(s.Order)).Concat(_inDoubt).Distinct().Order()];
        if (zones.IsEmpty) return;
        CodeProbe.Reached("target.left-behind");
        Context.System.EventStream.Publish(new ChangesLeftBehind(_settings.Name, zones));
    }

    /// <summary>A permit that is open says that the node has held the target all the time.</summary>
    private void NoteDoubt(BackendOrder ended)
    {
        if (_settings.Holder is null) return;
        if (_settings.Permit.IsOpen) _inDoubt.Clear();
        else if (_inDoubt.Count < InDoubtMax) _inDoubt.Add(ZoneOf(ended));
    }

    private static DomainName ZoneOf(BackendOrder change) => change is ApplyZone apply ? apply.Zone : ((RemoveZone)change).Zone;
}
