using System.Net;
using Agent.Actors.Transfers;

namespace Agent.Backends.Nsd;

/// <summary>Settings of the nsd driver.</summary>
/// <param name="Control">Where nsd takes commands.</param>
/// <param name="Pattern">The pattern of nsd.conf that the zones get; its <c>zonefile</c> must lead to
/// <c>ZoneDirectory/%s.zone</c>.</param>
/// <param name="ZoneDirectory">Where zone files go, the folder that the pattern names; must exist, and nsd must be able to read
/// there.</param>
public sealed record NsdOptions(NsdControlPlace Control, string Pattern, string ZoneDirectory)
{
    /// <summary>Patterns of some zones, which go before <see cref="Pattern"/>; their <c>zonefile</c> must be the same.</summary>
    public IReadOnlyList<(ZonePattern Zones, string Pattern)> Templates { get; init; } = [];

    /// <summary>Where nsd answers DNS; null for port 53 of the control host, or of this machine.</summary>
    public EndPoint? Server { get; init; }

    /// <summary>nsd transfers the zones itself, from where the patterns' <c>request-xfr</c> says; else it is given their content.</summary>
    public bool IsSecondary { get; init; }

    /// <summary>How long nsd may take for the first zone, and for each large one beside the time that its size takes.</summary>
    public TimeSpan LoadPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From which size on, in octets of its records, an order waits until nsd has loaded the zone.</summary>
    public long LargeZoneBytes { get; init; } = 16 << 20;
}
