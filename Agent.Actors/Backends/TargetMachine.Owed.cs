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

    /// <summary>Zones that the server is known not to serve as wanted.</summary>
    public int Owed { get; private set; }

    /// <summary>
    /// Since when the oldest of them has been so; null when there is none. Those that the server refuses do not count: no waiting makes
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
        if (work.OwesSince is null) Owed++;
        else if (!work.IsRefused) return;
        work.IsRefused = false;
        work.OwesSince = _now.Monotonic;
        _debts.Enqueue((work, _now.Monotonic));
        if (_debts.Count > SpareDebts + (2 * Owed)) DropSettledDebts();
    }

    /// <summary>The zone is out of work.</summary>
    private void Leave(Work work)
    {
        work.Done = true;
        _works.Remove(work.Wish.Zone);
        if (work.OwesSince is not null) Owed--;
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
