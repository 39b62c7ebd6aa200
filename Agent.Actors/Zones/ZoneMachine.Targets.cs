using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>What the targets are told, and targets that come and go while the zone lives.</content>
public sealed partial class ZoneMachine
{
    private ImmutableArray<TargetProgress> Fit(ImmutableArray<TargetProgress> known) => ZoneWishes.Fit(known, _targets, _others);

    /// <summary>The targets that were written down as the zone's, or as those that it has to leave, before they were told.</summary>
    private ImmutableArray<TargetProgress> _noted;

    /// <summary>The same, as it stands in the row that is being written.</summary>
    private ImmutableArray<TargetProgress> _notedNext = [];

    /// <summary>Where the zone belongs has changed, which is not written yet.</summary>
    private bool IsMoved => _phase == ZonePhase.Present && ZoneWishes.IsMoved(_row!, _noted);

    /// <summary>
    /// A new target is told what the others were told, and is pending until it proves it. One that the zone does not belong to any more is
    /// told to do without it, as soon as that is written and the zone is served where it belongs. One that is gone stands in nobody's way
    /// any more: neither of those who wait, nor of the zone's rest, nor of the last word on a deleted zone.
    /// </summary>
    private void OnTargetsChanged(TargetsChanged input)
    {
        if (input.Targets.SequenceEqual(_targets) && input.Others.SequenceEqual(_others)) return;
        bool mayLeave = !_policy.Placement.IsEmpty || _others.Length > 0 || input.Others.Length > 0;
        (_targets, _others) = (input.Targets, input.Others);
        foreach (Waiter waiter in _creators.Concat(_deleters).Concat(_undeleters)) waiter.CountOnly(_targets);
        if (_writtenRow is { } written) _writtenRow = written with { Targets = Fit(written.Targets) };
        if (_row is null) return;
        ImmutableArray<TargetProgress> before = _row.Targets;
        _row = _row with { Targets = Fit(before) };

        // Of a deletion that is not durable yet the others have not heard either: all hear of it together.
        bool isTold = _row.Wish == ZoneWish.Absent || (_phase == ZonePhase.Present && _row.Content is not null);
        foreach (TargetProgress entry in isTold ? _row.Targets : [])
        {
            // Where nothing says where zones belong, none can ever have to leave a target.
            if (ZoneWishes.Has(before, entry) || (mayLeave && _row.Wish == ZoneWish.Present)) continue;
            (_noted, _notedNext) = (_noted.Add(entry), _notedNext.Add(entry));
            Tell(entry, observeFirst: true);
        }

        if (_phase == ZonePhase.Present) SettleCreators();
        else if (_phase == ZonePhase.Deleting) SettleDeleters();
    }

    /// <summary>The target hears nothing before it is written that the zone belongs to it, or has to leave it.</summary>
    public bool IsHeldBack(string target) =>
        IsMoved && _row!.Targets.FirstOrDefault(t => t.Target == target) is { } entry && !ZoneWishes.Has(_noted, entry);

    private void WritePlacement()
    {
        AddEvent("placed", $"the zone belongs to {string.Join(", ", _targets)}", _row!.Content?.Serial);
        Write(WritePurpose.Standing, NextRow(ZoneWish.Present, _row.Content) with { Reason = _row.Reason, ReasonSince = _row.ReasonSince });
    }

    /// <summary>Everybody hears what the zone wants of them; nobody while it has nothing to serve.</summary>
    private void TellPresent(bool observeFirst)
    {
        ZoneRow row = _row!;
        if (IsMoved || _goesOn || IsOnTrial || row is { Content: null, Candidate: not null })
        {
            // Those that have tried it serve it already.
            foreach (TargetProgress entry in row.Targets.Where(t => !IsHeldBack(t.Target)))
                Tell(entry, observeFirst || (_goesOn && IsTried(entry)));
            return;
        }

        if (row.Content is not { } content) return;
        _effects.Add(new WantPresent(row.Generation, content, observeFirst) { IsExpired = IsExpired });
        TellLeaving();
    }

    private void TellAbsent()
    {
        _effects.Add(new WantAbsent(_row!.Generation) { Undoes = _undoes });
        TellLeaving();
    }

    private void TellLeaving()
    {
        foreach (TargetProgress entry in _row!.Targets)
        {
            if (_targets.Contains(entry.Target)) continue;
            CodeProbe.Reached("zone.leaves-target");
            Tell(entry, observeFirst: true);
        }
    }

    /// <summary>The zone is served where it belongs, so it can leave the others.</summary>
    private void Release()
    {
        if (_phase != ZonePhase.Present || IsMoved) return;
        ZoneRow released = ZoneWishes.Released(_row!, _policy.Quorum);
        if (ReferenceEquals(released, _row)) return;
        _row = released;
        TellLeaving();
    }

    private void Tell(TargetProgress entry, bool observeFirst)
    {
        if (!ZoneWishes.IsTold(_row!, entry, _targets.Contains(entry.Target), _policy, out ZoneContent? content)) return;
        _effects.Add(new WantAt(entry.Target, _row!.Generation, content)
        {
            ObserveFirst = observeFirst,
            IsExpired = content is not null && IsExpired && content.Hash == _row.Content?.Hash,
        });
    }
}
