namespace Agent.Actors.Backends;

/// <content>
/// What the server is known to owe: changes that were ordered, or that a look has found missing. A zone that is only looked at again, such
/// as all zones after a server's return or a change of owners, owes nothing as long as nobody has seen that it differs.
/// </content>
public sealed partial class TargetMachine
{
    private const int SpareDebts = 1024;

    /// <summary>In order of time. Entries whose zone is level by now, or was refused, stay until they come to the head.</summary>
    private readonly Queue<(Work Work, TimeSpan Since)> _debts = new();

    private int _owed;
    private int _refused;

    /// <summary>Zones that the server has been known not to serve as wanted for at least so long; those that it refuses, at once.</summary>
    public int OwedFor(TimeSpan least, TimeSpan now)
    {
        int owed = _refused;
        foreach ((Work Work, TimeSpan Since) debt in _debts)
        {
            if (debt.Since > now - least) break;
            if (Stands(debt)) owed++;
        }

        return owed;
    }

    /// <summary>
    /// Since when the oldest zone has been so; null when there is none. Those that the server refuses do not count: no waiting makes
    /// them level, here or anywhere.
    /// </summary>
    public TimeSpan? OwedSince
    {
        get
        {
            while (_debts.TryPeek(out (Work Work, TimeSpan Since) oldest))
            {
                if (Stands(oldest)) return oldest.Since;
                _debts.Dequeue();
            }

            return null;
        }
    }

    private static bool Stands((Work Work, TimeSpan Since) debt) =>
        !debt.Work.Done && !debt.Work.IsRefused && debt.Work.OwesSince == debt.Since;

    /// <summary>From now on the zone is owed, unless it is already. After a refusal its time begins anew.</summary>
    private void Owes(Work work)
    {
        if (work.OwesSince is null) _owed++;
        else if (!work.IsRefused) return;
        if (work.IsRefused) _refused--;
        work.IsRefused = false;
        work.OwesSince = _now.Monotonic;
        _debts.Enqueue((work, _now.Monotonic));
        if (_debts.Count > SpareDebts + (2 * _owed)) DropSettledDebts();
    }

    private void Refused(Work work)
    {
        if (work.IsRefused) return;
        Owes(work);
        work.IsRefused = true;
        _refused++;
    }

    /// <summary>The zone is out of work.</summary>
    private void Leave(Work work)
    {
        work.Done = true;
        NotWithServer(work);
        _works.Remove(work.Wish.Zone);
        _onRung[(int)work.Rung]--;
        if (work.OwesSince is not null) _owed--;
        if (work.IsRefused) _refused--;
        if (_works.Count == 0 && _works.Capacity > SpareWorks) GiveBack();
    }

    /// <summary>After a start, or the return of the server, when all zones have been in work at once: what held them is not kept.</summary>
    private void GiveBack()
    {
        _works.TrimExcess(SpareWorks);
        _debts.TrimExcess();
        _due.TrimExcess();
        _takenInTurn.TrimExcess();
        _ready.TrimExcess();
    }

    /// <summary>Behind one zone that stays owed for long, many others come and go.</summary>
    private void DropSettledDebts()
    {
        for (int left = _debts.Count; left > 0; left--)
        {
            (Work Work, TimeSpan Since) debt = _debts.Dequeue();
            if (Stands(debt)) _debts.Enqueue(debt);
        }
    }
}
