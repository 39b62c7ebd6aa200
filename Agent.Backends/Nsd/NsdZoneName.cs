using System.Diagnostics.CodeAnalysis;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Nsd;

/// <summary>
/// A zone's name as nsd is given it. nsd makes the file's name of that text (<c>%s</c>), so both must be the same: names of letters,
/// digits, <c>-</c> and <c>_</c>. All others would need an escape, which nsd writes otherwise than <see cref="ZoneFileName"/>. Nor does nsd
/// serve the root from a file.
/// </summary>
internal static class NsdZoneName
{
    /// <summary>False when nsd would read another file than the zone's.</summary>
    public static bool TryCreate(DomainName zone, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!ZoneFileName.TryCreate(zone, out string? file) || file.AsSpan().ContainsAny('%', '@'))
            return false;
        name = file[..^ZoneFileName.Extension.Length];
        return true;
    }

    /// <summary>Why there is no name.</summary>
    public static string Objection(DomainName zone) => zone.IsRoot
        ? "nsd does not serve the root zone from a file of ours"
        : $"nsd names the file of {zone} in another way than we: only names of letters, digits, '-' and '_' with at most "
            + $"{ZoneFileName.LengthMax - ZoneFileName.Extension.Length} octets come to one file";
}
