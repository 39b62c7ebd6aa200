using System.Collections.Immutable;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Backends;

/// <content>What a target of the whole farm leaves to its next holder.</content>
public sealed partial class BackendActor
{
    private const int InDoubtMax = 10_000;

    /// <summary>Their changes ended while the permit was closed: another may have held the target by then.</summary>
    private readonly HashSet<LeftChange> _inDoubt = [];

    /// <inheritdoc/>
    protected internal override void PostStop()
    {
        base.PostStop();
        if (_settings.Holder is null) return;
        ImmutableArray<LeftChange> changes =
        [
            .. _started.Values.Select(s => ChangeOf(s.Order)).Concat(_inDoubt).GroupBy(c => c.Zone).OrderBy(ofZone => ofZone.Key)
                .Select(ofZone => new LeftChange(ofZone.Key, ofZone.Any(c => c.Brings))),
        ];
        if (changes.IsEmpty) return;
        CodeProbe.Reached("target.left-behind");
        Context.System.EventStream.Publish(new ChangesLeftBehind(_settings.Name, changes));
    }

    /// <summary>A permit that is open says that the node has held the target all the time.</summary>
    private void NoteDoubt(BackendOrder ended)
    {
        if (_settings.Holder is null) return;
        if (_settings.Permit.IsOpen) _inDoubt.Clear();
        else if (_inDoubt.Count < InDoubtMax) _inDoubt.Add(ChangeOf(ended));
    }

    private static LeftChange ChangeOf(BackendOrder order) =>
        order is ApplyZone apply ? new LeftChange(apply.Zone, Brings: true) : new LeftChange(((RemoveZone)order).Zone, Brings: false);
}
