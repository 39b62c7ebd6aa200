namespace Agent.Actors.Backends;

/// <content>
/// What the server has taken and not come to yet. Some say that they will load a zone, and do so when its turn comes; what they are given
/// while thousands wait with them waits behind all of those, the newest change too. So a server with a backlog gets no more than it works
/// off soon, and the rest waits here, where a zone beside a crowd can pass it (decision 62).
/// <para>That holds for a server that comes to its changes in turn (<see cref="BackendTraits.ComesInTurn"/>) and is quick with a few. One
/// that is as slow with them, because it fetches what it was told of or reads its files now and then, has no queue in which to wait, and
/// the more it is given at once the better.</para>
/// </content>
public sealed partial class TargetMachine
{
    /// <summary>So many zones to which it has not come show a backlog: with fewer it may always be some zones behind.</summary>
    private const int BacklogMin = 16;

    /// <summary>With a backlog, so many changes at most are with the driver and the server together.</summary>
    private const int WithServerMax = 64;

    /// <summary>
    /// It gets more when there are no more than these, so that the next come together and share what drivers let them share.
    /// </summary>
    private const int GoesOnAt = 48;

    /// <summary>
    /// When the server has come to nothing for this long, a zone that it has had as long counts no more: it may be one that the server
    /// cannot load, and holds up none of the others.
    /// </summary>
    private static readonly TimeSpan BacklogAge = TimeSpan.FromSeconds(1);

    /// <summary>The same of one that others have passed all the while.</summary>
    private static readonly TimeSpan BacklogAgeMax = TimeSpan.FromSeconds(10);

    /// <summary>
    /// With no more zones in work at the target than these, from when it is taken until it is served, a change says how long the server
    /// needs for one. The first of a crowd say nothing: everything is busy with those behind them.
    /// </summary>
    private const int FewMax = 8;

    /// <summary>A server that needs this long with a few changes is not slow because of others.</summary>
    private static readonly TimeSpan SlowWithFew = TimeSpan.FromMilliseconds(100);

    private readonly Queue<(Work Work, TimeSpan Since)> _takenInTurn = new();
    private int _taken;
    private int _late;
    private int _changesUnderWay;
    private bool _isBehind;
    private bool _isHeld;
    private TimeSpan? _neededWithFew;
    private TimeSpan? _cameToOneAt;

    private bool MayChange()
    {
        bool shows = _isBehind ? _taken >= BacklogMin : _late >= BacklogMin || MayHideIt();
        _isBehind = shows && _traits.ComesInTurn && _neededWithFew < SlowWithFew;
        _isHeld = _isBehind && _taken + _changesUnderWay > (_isHeld ? GoesOnAt : WithServerMax - 1);
        return !_isHeld;
    }

    /// <summary>
    /// Looks wait in one line with the changes, and those behind a crowd tell late. When many were taken and the first of them has not been
    /// seen for a while, the looks come first; a server that has come to them all gets more at once.
    /// </summary>
    private bool MayHideIt() =>
        _taken >= 2 * WithServerMax && _takenInTurn.TryPeek(out (Work Work, TimeSpan Since) first)
        && _now.Monotonic - first.Since >= LookPace.SlowMin;

    /// <summary>The server took the zone's change; by the next look it is served, or late.</summary>
    private void Taken(Work work)
    {
        work.IsOneOfFew = _works.Count <= FewMax;
        work.WithServerSince = _now.Monotonic;
        _takenInTurn.Enqueue((work, _now.Monotonic));
        _taken++;
    }

    /// <summary>The server has not come to it, by a look or by what it needed lately.</summary>
    private void Late(Work work)
    {
        if (work.IsLate || work.WithServerSince is null) return;
        work.IsLate = true;
        _late++;
    }

    /// <summary>The server has come to it: so long it needs.</summary>
    private void LearnFrom(Work work)
    {
        TimeSpan unseen = work.UnseenAt - work.TakenAt;
        _cameToOneAt = _now.Monotonic;
        _pace.Served(unseen, _now.Monotonic - work.TakenAt);
        // The looks themselves may come late, behind the changes of a crowd; what one of them did not find needed at least so long.
        if (!work.IsOneOfFew || _works.Count > FewMax) return;
        _neededWithFew = _neededWithFew is { } before ? before + ((unseen - before) / LookPace.Memory) : unseen;
    }

    /// <summary>The server has come to it, or it is not waited for any more.</summary>
    private void NotWithServer(Work work)
    {
        if (work.WithServerSince is null) return;
        work.WithServerSince = null;
        _taken--;
        if (work.IsLate) _late--;
        work.IsLate = false;
    }

    private void ForgetOldBacklog()
    {
        while (_takenInTurn.TryPeek(out (Work Work, TimeSpan Since) first))
        {
            bool counts = first.Work.WithServerSince == first.Since;
            if (counts && !IsTooOld(first.Since)) return;
            _takenInTurn.Dequeue();
            if (counts) NotWithServer(first.Work);
        }
    }

    private bool IsTooOld(TimeSpan since) =>
        _now.Monotonic - since >= BacklogAgeMax
        || (_now.Monotonic - since >= BacklogAge && !(_now.Monotonic - _cameToOneAt < BacklogAge));
}
