using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>What is tried, one after the other, with a server that takes a change and does not serve it.</summary>
public enum Rung
{
    /// <summary>The change itself, as a difference where the driver has use for one.</summary>
    Apply = 0,

    /// <summary>The whole content, and nothing that was known of the server is taken for granted.</summary>
    ApplyAgain = 1,

    /// <summary>The zone is taken away and given anew.</summary>
    ReAdd = 2,

    /// <summary>There is nothing else: the whole content again and again, more and more slowly.</summary>
    Exhausted = 3,
}

/// <content>
/// The ladder. Each rung is tried once, and the next only when the server had its time for the one before; a new wish and the return of the
/// server begin anew. What is served in whatever state is not taken away unless <see cref="ReAddRule.Always"/> says so: old answers are
/// better than none. Of a server that cannot be asked nothing is concluded.
/// </content>
public sealed partial class TargetMachine
{
    private readonly int[] _onRung = new int[(int)Rung.Exhausted + 1];

    /// <summary>Zones that the server took and did not serve, for which something else than the change itself is being tried.</summary>
    public int Escalated => _onRung[(int)Rung.ApplyAgain] + _onRung[(int)Rung.ReAdd] + _onRung[(int)Rung.Exhausted];

    /// <summary>Those of them for which everything was tried.</summary>
    public int Exhausted => _onRung[(int)Rung.Exhausted];

    /// <summary>The server had its time and does not serve what it took.</summary>
    private void Climb(Work work, uint? seen, Reason reason)
    {
        Report(work, TargetZoneState.Pending, seen, reason with { Text = reason.Text + Tried(work) });
        Rung next = NextRung(work, isServed: seen is not null);
        if (next != work.Rung)
        {
            StandOn(work, next);
            _effects.Add(new Escalate(work.Wish.Zone, next, reason));
        }

        if (next == Rung.ReAdd)
        {
            CodeProbe.Reached("target.re-add");
            work.WasReAdded = true;
            Rest(work, Stage.TakingAway);
        }
        else
        {
            Rest(work);
        }
    }

    private Rung NextRung(Work work, bool isServed)
    {
        if (work.Rung == Rung.Apply) return Rung.ApplyAgain;
        bool mayReAdd = !work.WasReAdded && work.Wish.Content is not null && _traits.CanReAdd
            && (_rules.ReAdd == ReAddRule.Always || (_rules.ReAdd == ReAddRule.Unserved && !isServed));
        return mayReAdd ? Rung.ReAdd : Rung.Exhausted;
    }

    private void StandOn(Work work, Rung rung)
    {
        _onRung[(int)work.Rung]--;
        work.Rung = rung;
        _onRung[(int)rung]++;
    }

    private void StepDown(Work work)
    {
        StandOn(work, Rung.Apply);
        work.WasReAdded = false;
    }

    private static string Tried(Work work) => work.Rung switch
    {
        Rung.Apply => "",
        Rung.ApplyAgain => " (tried: the change, the whole content)",
        _ when work.WasReAdded => " (tried: the change, the whole content, taking the zone away and adding it anew)",
        _ => " (tried: the change, the whole content more than once)",
    };
}
