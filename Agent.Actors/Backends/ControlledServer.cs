namespace Agent.Actors.Backends;

/// <summary>Who a server's control channel says that it is, and what follows from that for what is heard by DNS.</summary>
/// <param name="Version">The software, for people and to notice an upgrade; null when it does not tell.</param>
public sealed record ControlledServer(string? Version)
{
    /// <summary>What the server calls itself by DNS (id.server); null when the channel does not tell.</summary>
    public string? Identity { get; init; }

    /// <summary>Its NSID by DNS; null when the channel does not tell.</summary>
    public string? Nsid { get; init; }

    /// <summary>How the version must begin that it tells by DNS; null when nothing follows.</summary>
    public string? VersionByDns { get; init; }

    /// <summary>Only a version that begins so is compared: an operator may have the server say anything else.</summary>
    public string VersionMark { get; init; } = "";

    /// <summary>What the driver has found out that cannot be of one and the same server; null when there was nothing.</summary>
    public string? Contradiction { get; init; }

    /// <summary>In what the server that answered by DNS is not this one; null when it can be.</summary>
    public string? DifferenceFrom(ServerName named)
    {
        ArgumentNullException.ThrowIfNull(named);
        return Difference("identity", Identity, named.Identity)
            ?? Difference("NSID", Nsid, named.Nsid)
            ?? DifferenceOfVersion(named.Version);
    }

    private static string? Difference(string what, string? controlled, string? named) =>
        controlled is null || named is null || controlled == named
            ? null
            : $"the control channel reaches a server with the {what} {controlled}, and {named} answers by DNS";

    private string? DifferenceOfVersion(string? named)
    {
        if (VersionByDns is not { } expected || named is null || !named.StartsWith(VersionMark, StringComparison.Ordinal)) return null;
        bool isSame = named.StartsWith(expected, StringComparison.Ordinal)
            && (named.Length == expected.Length || !(char.IsAsciiDigit(named[expected.Length]) || named[expected.Length] == '.'));
        return isSame ? null : $"the control channel reaches {expected}, and {named} answers by DNS";
    }
}
