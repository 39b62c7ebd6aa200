using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>In what way a server differs without a change of ours.</summary>
public enum DriftKind
{
    /// <summary>It does not have the zone.</summary>
    Missing = 0,

    /// <summary>It went back to an older serial.</summary>
    Older = 1,

    /// <summary>It has a serial that is newer than what is wanted.</summary>
    Newer = 2,

    /// <summary>It has the serial, and other records.</summary>
    Content = 3,

    /// <summary>It serves what is wanted, with other settings than the driver gives the zone.</summary>
    Settings = 4,
}

/// <summary>A zone that somebody else changed at a server, or that the server lost.</summary>
/// <param name="Zone">Which zone.</param>
/// <param name="Kind">In what way.</param>
/// <param name="WantedSerial">What it is to serve.</param>
/// <param name="ServedSerial">What it serves; null where it serves nothing.</param>
/// <param name="Difference">The records; null where they could not be compared, or were not.</param>
/// <param name="FoundAt">When.</param>
/// <param name="IsRepairing">What is wanted is being put back.</param>
public sealed record DriftFinding(
    DomainName Zone,
    DriftKind Kind,
    uint WantedSerial,
    uint? ServedSerial,
    ContentDifference? Difference,
    DateTimeOffset FoundAt,
    bool IsRepairing)
{
    /// <summary>When the server was seen to serve again what is wanted; null while it is not known to.</summary>
    public DateTimeOffset? RepairedAt { get; init; }

    /// <summary>In what the settings differ; null where they do not, or were not looked at.</summary>
    public string? Settings { get; init; }
}

/// <content>
/// What a deep look finds. A server that lost a zone, or went back to an older serial, is always brought level: nobody can want that. Other
/// records, or a newer serial, are the work of somebody; what becomes of it the target's rule says, or whoever asked for the look.
/// </content>
public sealed partial class TargetMachine
{
    private static DriftKind KindOf(Work work) =>
        work.SeenSerial == work.Wish.Content!.Serial ? DriftKind.Content
        : work.SeenSerial is { } serial && SerialNumber.IsNewer(serial, work.Wish.Content!.Serial) ? DriftKind.Newer
        : DriftKind.Older;

    /// <summary>A deep look found another serial, or none: true when the records are to be compared before anything is done.</summary>
    private bool ComparesFirst(Work work)
    {
        if (!LooksDeep(work) || work.Wish.Content is not { } content || work.HasOrdered) return false;
        if (work.SeenSerial is null)
        {
            Found(work, DriftKind.Missing, null, isRepairing: true);
            return false;
        }

        if (KindOf(work) == DriftKind.Older)
        {
            Found(work, DriftKind.Older, null, isRepairing: true);
            return false;
        }

        if (CanCheck) return true;
        Drifted(work, DriftKind.Newer, null);
        return true;
    }

    private void Drifted(Work work, DriftKind kind, ContentDifference? difference)
    {
        bool isRepairing = work.Wish.Depth == LookDepth.Repair || _rules.Drift is DriftRule.Repair or DriftRule.Adopt;
        Found(work, kind, difference, isRepairing);
        if (isRepairing)
        {
            CodeProbe.Reached("target.drift-repaired");
            Owes(work);
            work.Stage = Stage.Acting;
            MakeReady(work);
            return;
        }

        CodeProbe.Reached("target.drift-reported");
        string what = difference is { } named ? named.ToString() : $"serial {work.SeenSerial} instead of {work.Wish.Content!.Serial}";
        string text = kind == DriftKind.Settings
            ? $"its settings at {Name} are not those of the target: it {work.OtherSettings}"
            : $"changed at {Name} by somebody else: {what}";
        var reason = new Reason(ReasonCode.Drift, text);
        Report(work, TargetZoneState.Verified, work.SeenSerial, reason);
        Leave(work);
    }

    private void Found(Work work, DriftKind kind, ContentDifference? difference, bool isRepairing) => _effects.Add(new DriftSeen(
        new DriftFinding(work.Wish.Zone, kind, work.Wish.Content!.Serial, work.SeenSerial, difference, _now.Utc, isRepairing)
        {
            Settings = work.OtherSettings,
        }));
}
