using System.Globalization;

namespace Agent.Host.Configuration;

public enum QuorumKind
{
    All,
    Majority,
    Count,
}

/// <summary>How many targets must be verified before CREATE and DELETE are answered.</summary>
public readonly record struct Quorum(QuorumKind Kind, int Count = 0)
{
    /// <summary>The number needed of those that count just now; never more than there are.</summary>
    public int Of(int targets) => Kind switch
    {
        QuorumKind.All => targets,
        QuorumKind.Majority => (targets / 2) + Math.Min(1, targets),
        _ => Math.Min(Count, targets),
    };

    public static Quorum? Parse(string text) => text switch
    {
        "all" => new Quorum(QuorumKind.All),
        "majority" => new Quorum(QuorumKind.Majority),
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 10_000 =>
            new Quorum(QuorumKind.Count, count),
        _ => null,
    };

    public override string ToString() => Kind switch
    {
        QuorumKind.All => "all",
        QuorumKind.Majority => "majority",
        _ => Count.ToString(CultureInfo.InvariantCulture),
    };
}
