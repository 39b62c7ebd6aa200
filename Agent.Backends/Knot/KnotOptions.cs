using System.Net;
using Agent.Actors.Transfers;
using Agent.Backends.Shared;

namespace Agent.Backends.Knot;

/// <summary>Settings of the knot driver.</summary>
/// <param name="ZoneDirectory">Where zone files go, under a path that knotd sees too; must exist, and knotd must be able to read
/// there.</param>
public sealed record KnotOptions(string ZoneDirectory)
{
    /// <summary>Path of knotd's control socket.</summary>
    public string Control { get; init; } = "/run/knot/knot.sock";

    /// <summary>The template of new zones; null for knotd's default one.</summary>
    public string? Template { get; init; }

    /// <summary>Templates of some zones, which go before <see cref="Template"/>.</summary>
    public IReadOnlyList<(ZonePattern Zones, string Template)> Templates { get; init; } = [];

    /// <summary>From whom knotd transfers the zones itself; null when it is given their content.</summary>
    public TransferSource? Secondary { get; init; }

    /// <summary>Where knotd answers DNS.</summary>
    public EndPoint Server { get; init; } = new IPEndPoint(IPAddress.Loopback, 53);
}
