using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>Targets that come and go while the zone lives.</content>
public sealed partial class ZoneMachine
{
    /// <summary>
    /// A new target is told what the others were told, and is pending until it proves it. One that is gone stands in nobody's way any
    /// more: neither of those who wait, nor of the zone's rest, nor of the last word on a deleted zone.
    /// </summary>
    private void OnTargetsChanged(ImmutableArray<string> targets)
    {
        if (targets.SequenceEqual(_targets)) return;
        ImmutableArray<string> added = [.. targets.Except(_targets)];
        _targets = targets;
        foreach (Waiter waiter in _creators.Concat(_deleters)) waiter.CountOnly(targets);
        if (_writtenRow is { } written) _writtenRow = written with { Targets = KeepConfigured(written.Targets, targets) };
        if (_row is null) return;
        _row = _row with { Targets = KeepConfigured(_row.Targets, targets) };

        // Of a deletion that is not durable yet the others have not heard either: all hear of it together.
        bool isTold = _row.Wish == ZoneWish.Absent || (_phase == ZonePhase.Present && _row.Content is not null);
        foreach (string target in isTold ? added : [])
        {
            ZoneContent? content = _row.Wish == ZoneWish.Present ? _row.Content : null;
            _effects.Add(new WantAt(target, _row.Generation, content) { IsExpired = IsExpired });
        }

        if (_phase == ZonePhase.Present) SettleCreators();
        else if (_phase == ZonePhase.Deleting) SettleDeleters();
    }
}
