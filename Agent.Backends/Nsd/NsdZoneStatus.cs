using System.Globalization;

namespace Agent.Backends.Nsd;

/// <summary>
/// What <c>zonestatus</c> tells of one zone: a line with the name, then indented lines. Zones of nsd.conf itself have no pattern there.
/// That a zone is listed does not say that it is loaded.
/// </summary>
internal sealed record NsdZoneStatus(string Name, string? Pattern, string? State)
{
    private const string NameLabel = "zone:";
    private const string PatternLabel = "pattern:";
    private const string StateLabel = "state:";
    private const string SerialLabel = "served-serial:";

    /// <summary>Of a zone that nsd transfers: what it has.</summary>
    public uint? Serial { get; private init; }

    /// <summary>nsd has it from its files, and not from a master of its own.</summary>
    public bool IsPrimary => State == "master";

    /// <summary>Takes up lines as they come.</summary>
    /// <returns>The zone that they now tell of; null before the first.</returns>
    public static NsdZoneStatus? Read(NsdZoneStatus? sofar, string line)
    {
        string text = line.Trim();
        if (text.StartsWith(NameLabel, StringComparison.Ordinal))
            return new NsdZoneStatus(text[NameLabel.Length..].Trim(), Pattern: null, State: null);
        if (sofar is null)
            return null;
        if (text.StartsWith(PatternLabel, StringComparison.Ordinal))
            return sofar with { Pattern = text[PatternLabel.Length..].Trim() };
        if (text.StartsWith(SerialLabel, StringComparison.Ordinal))
            return sofar with { Serial = SerialOf(text[SerialLabel.Length..]) };
        return text.StartsWith(StateLabel, StringComparison.Ordinal) ? sofar with { State = text[StateLabel.Length..].Trim() } : sofar;
    }

    // "7 since 2026-11-28T15:16:13", in quotes; or none.
    private static uint? SerialOf(string text)
    {
        string first = text.Trim().Trim('"').Split(' ')[0];
        return uint.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out uint serial) ? serial : null;
    }
}
